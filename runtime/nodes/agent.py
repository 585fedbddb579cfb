"""Let an agent do a task."""

from typing import Annotated, Any

from runtime import expressions
from runtime.contract import Context, Inputs, Needs, NodeType, Ref, Step


class AgentStep(Step, Inputs):
    """Let an agent do a task; the output is its answer, held to the agent's output schema.

    The agent sees the values of `with` as its task, and in its instructions as `input`.
    """

    agent: Annotated[str, Ref("Agent")]
    """The agent."""


async def run(step: AgentStep, context: Context) -> Any:
    """Return the agent's answer."""
    return await context.services.agent(step.agent, expressions.mapping(step.with_, context.scope), context)


NODE = NodeType("agent", AgentStep, run, Needs(effect=True, waits=True))
