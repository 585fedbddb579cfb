"""Wait for an event."""

from typing import Annotated, Any

from runtime.contract import Context, Duration, Expr, Needs, NodeType, Pause, Ref, Step, Strict, millis
from runtime.problems import failed


class Listen(Strict):
    """Which event, and until when."""

    channel: Annotated[str, Ref("Channel")]
    """The channel."""
    when: Annotated[str, Expr("bool")] = ""
    """CEL condition; `output` is the payload of the event. Events that do not hold it are passed over."""
    timeout: Duration | None = None
    """How long the run waits; without it, until the run itself times out."""
    on_timeout: Any = None
    """Output when no event came in time; without it the step fails as `timeout`."""


class ListenStep(Step):
    """Wait for an event; the output is its payload. Events from before the step are not seen."""

    listen: Listen
    """The event."""


async def run(step: ListenStep, context: Context) -> Any:
    """Return the event's payload."""
    asked = step.listen
    now = context.services.now()
    deadline = now + millis(asked.timeout) if asked.timeout else None
    answer = context.pause(Pause("event", channel=asked.channel, when=asked.when, since=now, deadline=deadline))
    if not answer.timed_out:
        return answer.value
    if asked.on_timeout is None:
        raise failed("timeout", "No event came in time", f"waited {asked.timeout} for {asked.channel}")
    return asked.on_timeout


NODE = NodeType("listen", ListenStep, run, Needs(waits=True))
