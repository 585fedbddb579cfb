"""Wait for some time, or until a time."""

import datetime as dt
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runtime import expressions
from runtime.contract import Context, Duration, Needs, NodeType, Pause, Step, Strict, Template, millis
from runtime.problems import failed


class Wait(Strict):
    """How long, or until when; the run is stored meanwhile and needs no worker."""

    for_: Duration | None = Field(default=None, alias="for")
    """Time to wait."""
    until: Annotated[str | None, Template()] = None
    """Time to wait until, with its zone, such as `2026-03-01T06:00:00+01:00`; one that has passed ends at once."""

    @model_validator(mode="after")
    def _one(self) -> "Wait":
        if (self.for_ is None) == (self.until is None):
            raise PydanticCustomError("for-or-until", "a wait has `for` or `until`")
        return self


class WaitStep(Step):
    """Wait; the output is `null`."""

    wait: Wait
    """How long, or until when."""


async def run(step: WaitStep, context: Context) -> Any:
    """Return when the time has passed."""
    context.pause(Pause("timer", deadline=_deadline(step.wait, context)))


def _deadline(wait: Wait, context: Context) -> int:
    if wait.for_ is not None:
        return context.services.now() + millis(wait.for_)
    written = expressions.value(wait.until, context.scope)
    try:
        at = dt.datetime.fromisoformat(str(written))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise failed("expression", "`until` is no time with a zone", f"{written!r}"[:200])
    return int(at.timestamp() * 1000)


NODE = NodeType("wait", WaitStep, run, Needs(waits=True))
