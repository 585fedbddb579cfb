"""Take events from outside: held to the channel's schema, once for one key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from runtime import schemas
from runtime.contract import ChannelDocument, WorkflowDocument
from runtime.problems import Problem, StepError, failed
from runtime.services.clock import Clock
from runtime.services.store.collection import pack, refuse_large, unpack
from runtime.services.store.records import Events
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
    events: Events, clock: Clock, telemetry: Telemetry, channel: ChannelDocument, payload: Any, *, key: str, source: str
) -> Published:
    """Publish an event for the triggers and the runs that listen; the same key again changes nothing.

    A notification of Alertmanager that says of the same alerts what the one before has said is the same event.

    Raises:
        StepError: `invalid-payload` when the channel's schema refuses the payload, `conflict` when the key has been
            used for another one.
    """
    if wrong := schemas.findings(channel.payload, payload):
        raise refused(f"The channel {channel.name} does not take this payload", "; ".join(wrong))
    refuse_large(payload, "The payload")
    # The channel's name keeps keys of senders apart from each other and from those of steps.
    id_ = f"{channel.name}:{key or _notified(payload) or uuid4().hex}"
    if await events.add(id_, channel.name, payload, clock.now(), source):
        telemetry.add(EVENTS, channel=channel.name)
        return Published(id_, True)
    known = await events.get(id_)
    if key and (known is None or known["payload"] != unpack(pack(payload))):
        raise failed("conflict", "This key has published another payload", f"{id_}; use a new key for this one")
    return Published(id_, False)


def _notified(payload: Any) -> str:
    """Return what a notification of Alertmanager tells, as a key; empty for any other payload.

    It is repeated for as long as an alert fires (`repeat_interval`), and sent by each of several Alertmanagers.
    """
    if not isinstance(payload, dict):
        return ""
    told = cast("dict[str, Any]", payload)
    alerts = told.get("alerts")
    if not isinstance(told.get("groupKey"), str) or not isinstance(alerts, list):
        return ""
    mappings = [cast("dict[str, Any]", one) for one in cast("list[Any]", alerts) if isinstance(one, dict)]
    known = [[one.get(name) for name in ("fingerprint", "status", "startsAt")] for one in mappings]
    return hashlib.sha256(pack([told["groupKey"], told.get("status"), sorted(known, key=str)]).encode()).hexdigest()


def named(documents: Mapping[str, WorkflowDocument], name: str) -> ChannelDocument:
    """Return a channel; raises `StepError` (`not-found`) without one."""
    known = channels(documents)
    if name not in known:
        raise failed("not-found", "There is no such channel", f"{name}; known: {', '.join(sorted(known)) or 'none'}")
    return known[name]


def refused(title: str, detail: str) -> StepError:
    """Return the exception of a payload that is refused."""
    return StepError(Problem("invalid-payload", title, detail, status=422))
