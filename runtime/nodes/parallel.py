"""Run branches at the same time and go on when enough of them have ended."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runtime.contract import Many, NodeType, Step, Strict

if TYPE_CHECKING:
    from runtime.contract import Step as AnyStep


class Parallel(Strict):
    """Branches and when to go on."""

    branches: Annotated[dict[str, Many["AnyStep"]], Field(min_length=2)]
    """Steps of each branch, by name."""
    join: Literal["all", "any"] | Annotated[int, Field(ge=1)] = "all"
    """Go on when all, any, or this many branches have ended; the others are cancelled."""

    @model_validator(mode="after")
    def _enough(self) -> "Parallel":
        if isinstance(self.join, int) and self.join > len(self.branches):
            counted = {"join": self.join, "branches": len(self.branches)}
            raise PydanticCustomError(
                "join-too-many", "`join` waits for {join} branches, and there are {branches}", counted
            )
        return self


class ParallelStep(Step):
    """Run branches at the same time."""

    parallel: Parallel
    """Branches and when to go on."""


NODE = NodeType("parallel", ParallelStep)
