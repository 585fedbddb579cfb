"""Publish an event."""

from typing import Annotated, Any

from runtime import expressions
from runtime.contract import Context, Needs, NodeType, Ref, Step, Strict, Template


class Emit(Strict):
    """What goes where."""

    channel: Annotated[str, Ref("Channel")]
    """The channel."""
    payload: Annotated[Any, Template()] = None
    """The event's payload, held to the channel's schema."""


class EmitStep(Step):
    """Publish an event once, even if the run is resumed; the output is `{event}`, its id."""

    emit: Emit
    """The event."""


async def run(step: EmitStep, context: Context) -> Any:
    """Return the event's id."""
    payload = expressions.value(step.emit.payload, context.scope)
    return {"event": await context.services.emit(step.emit.channel, payload, context)}


NODE = NodeType("emit", EmitStep, run, Needs(effect=True))
