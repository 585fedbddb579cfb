"""Call a tool of the system: an MCP tool, an HTTP operation or a registered function."""

from typing import Annotated, Any

from runtime import expressions
from runtime.contract import Context, Inputs, Needs, NodeType, Ref, Step


class ToolStep(Step, Inputs):
    """Call a tool with the values of `with`; the output is its result.

    A write goes through the effects ledger, so that a resumed run does not do it twice.
    """

    tool: Annotated[str, Ref("Tool")]
    """The tool."""


async def run(step: ToolStep, context: Context) -> Any:
    """Return the tool's result."""
    return await context.services.tool(step.tool, expressions.mapping(step.with_, context.scope), context)


NODE = NodeType("tool", ToolStep, run, Needs(effect=True))
