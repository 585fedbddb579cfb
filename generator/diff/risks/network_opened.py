"""Traffic is let through that was not.

Every namespace that apm renders denies traffic by default, so each rule of a NetworkPolicy opens something. A
reviewer has to know who is on the other end.

Marked: a peer, a port or a block of addresses that no rule had; a policy that is deleted, selects other pods or no
longer covers a direction; a Service that is reached from outside the cluster.
Not marked: a rule that is narrower than one before, or gone; the same rules in another order.
"""

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.diff.model import Change, Mark, Object, Risk
from generator.diff.risks._read import at, items, mapping, of, texts

_SIDES = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True)
class Way:
    """One peer at one port; empty for any."""

    peer: str
    port: str

    def covers(self, other: "Way") -> bool:
        """Return whether everything that the other lets through is let through here."""
        return (not self.port or self.port == other.port) and _peer_covers(self.peer, other.peer)

    def __str__(self) -> str:
        return f"{_named(self.peer)} at {self.port or 'all ports'}"


def _peer_covers(peer: str, other: str) -> bool:
    if not peer or peer == other:
        return True
    mine, theirs = json.loads(peer).get("ipBlock"), json.loads(other or "{}").get("ipBlock")
    if not mine or not theirs or not set(mine.get("except", ())) <= set(theirs.get("except", ())):
        return False
    outer, inner = (ipaddress.ip_network(block["cidr"], strict=False) for block in (mine, theirs))
    return outer.version == inner.version and inner.subnet_of(outer)  # pyright: ignore[reportArgumentType]


def _named(peer: str) -> str:
    value: dict[str, Any] = json.loads(peer) if peer else {}
    if "ipBlock" in value:
        without = f" without {', '.join(value['ipBlock']['except'])}" if value["ipBlock"].get("except") else ""
        return f"{value['ipBlock'].get('cidr')}{without}"
    labels = {**mapping(value, "namespaceSelector", "matchLabels"), **mapping(value, "podSelector", "matchLabels")}
    return ", ".join(f"{key}={text}" for key, text in labels.items()) or "everything"


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each way that is open on the new side only."""
    yield from _policies(change)
    yield from _services(change)


def _policies(change: Change) -> Iterator[Mark]:
    old, new = of(change.old, "NetworkPolicy"), of(change.new, "NetworkPolicy")
    if old and change.new is None:
        yield Mark(
            "network-opened", f"NetworkPolicy {change.object.name} is deleted: its pods keep other policies only"
        )
    if not new:
        return
    if old and at(old, "spec", "podSelector") != at(new, "spec", "podSelector"):
        yield Mark("network-opened", f"NetworkPolicy {change.object.name} selects other pods", "spec.podSelector")
    for kind in texts(old, "spec", "policyTypes"):
        if kind not in texts(new, "spec", "policyTypes"):
            yield Mark("network-opened", f"{kind} is no longer restricted by {change.object.name}", "spec.policyTypes")
    for side, key in _SIDES.items():
        before = _ways(old, side, key)
        for way in _ways(new, side, key):
            if not any(known.covers(way) for known in before):
                yield Mark("network-opened", f"{change.object.name}: {side} {key} {way}", f"spec.{side}")


def _ways(policy: Mapping[str, Any], side: str, key: str) -> list[Way]:
    return [
        Way(json.dumps(peer, sort_keys=True) if peer else "", _port(port) if port else "")
        for rule in items(policy, "spec", side)
        for peer in items(rule, key) or ({},)
        for port in items(rule, "ports") or ({},)
    ]


def _port(port: Mapping[str, Any]) -> str:
    end = f"-{port['endPort']}" if "endPort" in port else ""
    return f"{port.get('protocol', 'TCP')} {port.get('port', 'any')}{end}"


def _services(change: Change) -> Iterator[Mark]:
    outside = ("NodePort", "LoadBalancer")
    kind, before = _type(change.new), _type(change.old)
    if kind in outside and kind != before:
        yield Mark("network-opened", f"Service {change.object.name} is reached from outside ({kind})", "spec.type")
    if change.old is None and change.object.kind in ("Ingress", "HTTPRoute", "Gateway"):
        yield Mark("network-opened", f"{change.object.kind} {change.object.name} lets requests in from outside")


def _type(item: Object | None) -> Any:
    return at(of(item, "Service"), "spec", "type")


RISK = Risk("network-opened", run)
