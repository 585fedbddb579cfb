"""Take events from outside: held to the channel's schema, once for one key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from runtime import schemas
from runtime.contract import ChannelDocument, WorkflowDocument
from runtime.problems import Problem, StepError, failed
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import EVENTS


@dataclass(frozen=True)
class Published:
    """An event that has been taken."""

    id: str
    fresh: bool
    """It had not been taken before."""


def channels(documents: Mapping[str, WorkflowDocument]) -> Mapping[str, ChannelDocument]:
    """Return every channel that a workflow starts from, listens to or publishes on, by name."""
    return {name: channel for document in documents.values() for name, channel in document.channels.items()}


async def publish(
    store: Store, clock: Clock, telemetry: Telemetry, channel: ChannelDocument, payload: Any, *, key: str, source: str
) -> Published:
    """Publish an event for the triggers and the runs that listen; the same key again changes nothing.

    Raises:
        StepError: `invalid-payload` when the channel's schema refuses the payload.
    """
    if wrong := schemas.findings(channel.payload, payload):
        raise refused(f"The channel {channel.name} does not take this payload", "; ".join(wrong))
    # The channel's name keeps keys of senders apart from each other and from those of steps.
    id_ = f"{channel.name}:{key or uuid4().hex}"
    fresh = await store.events.add(id_, channel.name, payload, clock.now(), source)
    if fresh:
        telemetry.add(EVENTS, channel=channel.name)
    return Published(id_, fresh)


def named(documents: Mapping[str, WorkflowDocument], name: str) -> ChannelDocument:
    """Return a channel; raises `StepError` (`not-found`) without one."""
    known = channels(documents)
    if name not in known:
        raise failed("not-found", "There is no such channel", f"{name}; known: {', '.join(sorted(known)) or 'none'}")
    return known[name]


def refused(title: str, detail: str) -> StepError:
    """Return the exception of a payload that is refused."""
    return StepError(Problem("invalid-payload", title, detail, status=422))
