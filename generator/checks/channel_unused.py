"""Nothing publishes to a channel, or nothing consumes it.

Events without a consumer pile up until their retention ends, and a consumer without a producer waits for ever.
Producers are the `emit` steps of workflows, the `webhook` receivers of notifications, and what a channel lists under
`producers` (systems outside); consumers are triggers and `listen` steps. This is a warning: the other side may be on
its way.

Fix: connect the missing side, or remove the channel.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.references import references

_PRODUCING = {"emit", "webhook"}
"""Fields below which a channel is written to."""
_HINTS = {
    "publishes to": "add an `emit` step or a `webhook` receiver, or list the systems outside under `producers`",
    "consumes": "add a trigger or a `listen` step",
}


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each channel that lacks a side."""
    named = [r for spec in catalogue.specs for r in references(spec) if r.kind == "Channel"]
    if not all(catalogue.knows("Channel", r.name) for r in named):
        return  # one of them may be what is meant by a name that is not there
    produced = {r.name for r in named if _PRODUCING & set(r.loc)}
    consumed = {r.name for r in named if not _PRODUCING & set(r.loc)}
    for channel in catalogue.all("Channel"):
        missing: list[str] = []
        if channel.name not in produced and not channel.spec.producers:
            missing.append("publishes to")
        if channel.name not in consumed:
            missing.append("consumes")
        if missing:
            message = f'nothing {" or ".join(missing)} the channel "{channel.name}"'
            hint = f"{' and '.join(_HINTS[side] for side in missing)}, or remove the channel"
            yield channel.problem(("metadata", "name"), "channel-unused", message, hint, severity="warning")


CHECK = Check("channel-unused", run)
