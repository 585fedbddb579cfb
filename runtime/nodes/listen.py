"""Wait for an event."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runtime import expressions
from runtime.contract import Context, Duration, Expr, Many, Needs, NodeType, Pause, Ref, Step, Strict, millis
from runtime.problems import failed


class Heard(Strict):
    """One event to wait for."""

    channel: Annotated[str, Ref("Channel")]
    """The channel."""
    when: Annotated[str, Expr("bool")] = ""
    """CEL condition; `output` is the payload of the event. Events that do not hold it are passed over."""


class Listen(Strict):
    """Which event or events, and until when."""

    channel: Annotated[str | None, Ref("Channel")] = None
    """The channel, for one event."""
    when: Annotated[str, Expr("bool")] = ""
    """CEL condition over the roots of expressions, such as `output.order == state.order`; `output` is the payload of
    the event. Events that do not hold it are passed over."""
    any: Annotated[Many[Heard], Field(min_length=2)] = ()
    """Events of which the first one counts; the output is `{channel, payload}`."""
    all: Annotated[Many[Heard], Field(min_length=2)] = ()
    """Events that have to come all, in any order; the output is the list of their payloads, in the order written."""
    timeout: Duration | None = None
    """How long the run waits; without it, until the run itself times out."""
    on_timeout: Any = None
    """Output when no event came in time; without it the step fails as `timeout`."""

    @model_validator(mode="after")
    def _one(self) -> "Listen":
        if sum((self.channel is not None, bool(self.any), bool(self.all))) != 1 or (self.when and not self.channel):
            raise PydanticCustomError(
                "one-any-all", "a step listens to one `channel` (with `when`), to `any` or to `all`"
            )
        return self

    @property
    def heard(self) -> tuple[Heard, ...]:
        """The events, however they are written."""
        return self.any or self.all or (Heard(channel=str(self.channel), when=self.when),)


class ListenStep(Step):
    """Wait for an event, for one of several, or for all of them; the output is the payload of the event.

    Events from before the step are not seen.
    """

    listen: Listen
    """The event."""


async def run(step: ListenStep, context: Context) -> Any:
    """Return the event's payload."""
    asked = step.listen
    now = context.services.now()
    deadline = now + millis(asked.timeout) if asked.timeout else None
    answer = context.pause(_pause(asked, now, deadline, context))
    if not answer.timed_out:
        return answer.value
    if asked.on_timeout is None:
        channels = ", ".join(one.channel for one in asked.heard)
        raise failed("timeout", "No event came in time", f"waited {asked.timeout} for {channels}")
    return asked.on_timeout


def _pause(asked: Listen, now: int, deadline: int | None, context: Context) -> Pause:
    heard = tuple({"channel": one.channel, "when": one.when, "scope": _read(one.when, context)} for one in asked.heard)
    channels, join = ", ".join(one.channel for one in asked.heard), "any" if asked.any else "all" if asked.all else ""
    return Pause("event", channel=channels, heard=heard, join=join, since=now, deadline=deadline)


def _read(when: str, context: Context) -> dict[str, Any]:
    """Return of what the step sees only the fields that a condition reads: it is stored with the run."""
    found: dict[str, Any] = {}
    for reference in expressions.references(when) if when else ():
        root, *fields = reference.path
        value = context.scope.get(root)
        if root == "output":
            continue
        if fields and isinstance(value, Mapping) and isinstance(found.get(root, {}), dict):
            found.setdefault(root, {}).update({fields[0]: value[fields[0]]} if fields[0] in value else {})
        else:
            found[root] = value
    return found


NODE = NodeType("listen", ListenStep, run, Needs(waits=True))
