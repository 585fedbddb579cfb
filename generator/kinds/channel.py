"""A channel of events between workflows and the world."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from generator.kinds._schema import schema_of
from generator.model import Kind, Resolving, Thing
from runtime.contract import ChannelDocument, FileRef, Many, Strict


class ChannelSpec(Strict):
    """One channel. Who consumes it is written where it is consumed: in the triggers and `listen` steps of workflows."""

    payload: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = None
    """JSON Schema of an event's payload: a file beside the spec, or written here."""
    producers: Many[str] = ()
    """Systems outside this one that publish here; workflows are known by their `emit` steps."""
    priority: Annotated[int, Field(ge=0, le=9)] = 0
    """Events with a higher number are taken first."""
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """How often an event is delivered before it goes to the dead letters."""
    dead_letter: str | None = None
    """Name under which undeliverable events are kept; default: the channel's name and `-dead`."""


@dataclass(frozen=True)
class Channel(Thing):
    """A channel, resolved."""

    document: ChannelDocument
    producers: tuple[str, ...]


def resolve(spec: ChannelSpec, context: Resolving) -> Channel:
    """Return the channel."""
    name = context.base["source"].name
    document = ChannelDocument(
        name=name,
        payload=schema_of(spec.payload, context),
        priority=spec.priority,
        max_attempts=spec.max_attempts,
        dead_letter=spec.dead_letter or f"{name}-dead",
    )
    return Channel(**context.base, document=document, producers=spec.producers)


KIND = Kind("Channel", ChannelSpec, Channel, resolve)
