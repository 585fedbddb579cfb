"""Compute values and write them to the state."""

from typing import Annotated, Any

from pydantic import Field

from runtime import expressions
from runtime.contract import Context, NodeType, Step, Template


class SetStep(Step):
    """Write state fields; the output is what was written."""

    set: Annotated[dict[str, Any], Template(), Field(min_length=1)]
    """Values by state field; all of them see the state as it was before the step."""


async def run(step: SetStep, context: Context) -> Any:
    """Return the values by state field."""
    return expressions.mapping(step.set, context.scope)


NODE = NodeType("set", SetStep, run, saves=True)
