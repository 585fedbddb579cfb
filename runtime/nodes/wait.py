"""Wait for some time."""

from typing import Any

from pydantic import Field

from runtime.contract import Context, Duration, Needs, NodeType, Pause, Step, Strict, millis


class Wait(Strict):
    """How long."""

    for_: Duration = Field(alias="for")
    """Time to wait; the run is stored meanwhile and needs no worker."""


class WaitStep(Step):
    """Wait; the output is `null`."""

    wait: Wait
    """How long."""


async def run(step: WaitStep, context: Context) -> Any:
    """Return when the time has passed."""
    context.pause(Pause("timer", deadline=context.services.now() + millis(step.wait.for_)))


NODE = NodeType("wait", WaitStep, run, Needs(waits=True))
