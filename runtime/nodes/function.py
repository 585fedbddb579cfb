"""Call a function that the runtime image ships."""

from typing import Annotated, Any

from runtime import expressions
from runtime.contract import Context, Inputs, Needs, NodeType, Registered, Step


class FunctionStep(Step, Inputs):
    """Call a registered function with the values of `with`; the output is its result."""

    function: Annotated[str, Registered("function")]
    """Name of the function; `apm explain functions` lists them."""


async def run(step: FunctionStep, context: Context) -> Any:
    """Return the function's result."""
    return await context.services.function(step.function, expressions.mapping(step.with_, context.scope), context)


NODE = NodeType("function", FunctionStep, run, Needs(effect=True))
