"""Run the same steps for every item of a list."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from runtime.contract import Expr, Many, NodeType, Step, Strict

if TYPE_CHECKING:
    from runtime.contract import Step as AnyStep


class ForEach(Strict):
    """The list and what to do with each item."""

    in_: Annotated[str, Expr()] = Field(alias="in")
    """CEL expression of the list."""
    steps: Annotated[Many["AnyStep"], Field(min_length=1)]
    """Steps for one item; `item` is the item."""
    max_concurrency: Annotated[int, Field(ge=1, le=100)] = 10
    """Items worked on at the same time."""
    tolerated_failures: Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=r"^(100|[1-9]?\d)%$")] = 0
    """Items that may fail before the step fails: a number, or a share such as `10%`, rounded down."""


class ForEachStep(Step):
    """Run steps for every item; the output is the list of the items' last outputs, in the order of the items."""

    for_each: ForEach
    """The list and what to do with each item."""


NODE = NodeType("forEach", ForEachStep)
