"""Somebody who was told of a problem no longer is.

Marked: an alert that is gone or less severe; a severity and owner that reached a receiver and now reach none (the
routes of both sides are followed); a new inhibition, or one that holds for more; mute times; fewer alerts in a
message; rules or a scrape target with other labels, by which Prometheus finds them; a scrape target that is deleted,
since an alert on what is not measured stays silent.
Not marked: an alert with another text, or a message to another channel.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._match import matches
from generator.diff.risks._read import at, items, mapping, of, texts

_NAME = "alert-silenced"
_SEVERITIES = ("critical", "warning", "info")
_SCRAPES = ("ServiceMonitor", "PodMonitor", "Probe")


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each alert or group of alerts that nobody is told of any more."""
    yield from _rules(change)
    yield from _routes(change)
    yield from _found(change)
    if change.new is None and change.object.kind in _SCRAPES:
        yield Mark(_NAME, f"{change.object.kind} {change.object.name} is deleted: what it measured is gone")


def _found(change: Change) -> Iterator[Mark]:
    kinds = ("PrometheusRule", *_SCRAPES)
    old, new = (mapping(of(side, *kinds), "metadata", "labels") for side in (change.old, change.new))
    for key in old.keys() | new.keys() if change.old and change.new else ():
        if "/" not in key and old.get(key) != new.get(key):
            says = f"has the label {key}={new.get(key, '')}, was {old.get(key, 'not there')}"
            yield Mark(
                _NAME, f"{change.object.kind} {change.object.name} {says}: it may not be read", "metadata.labels"
            )


def _rules(change: Change) -> Iterator[Mark]:
    old, new = alerts(of(change.old, "PrometheusRule")), alerts(of(change.new, "PrometheusRule"))
    for name, severities in _by_name(old).items():
        left = _by_name(new).get(name, [])
        if not left:
            yield Mark(_NAME, f"alert {name} is gone")
        elif severities != left and min(map(_rank, left)) > min(map(_rank, severities)):
            yield Mark(_NAME, f"alert {name} is {left[0]}, was {severities[0]}", f"spec.groups[{new[name, left[0]]}]")
        else:
            gone = [one for one in severities if one not in left] if len(left) < len(severities) else []
            yield from (Mark(_NAME, f"alert {name} no longer has the severity {one}") for one in gone)


def alerts(rule: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return the group of each alert, by name and severity."""
    return {
        (str(at(one, "alert")), str(at(one, "labels", "severity") or "")): str(at(group, "name"))
        for group in items(rule, "spec", "groups")
        for one in items(group, "rules")
        if at(one, "alert")
    }


def _by_name(found: Mapping[tuple[str, str], str]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, severity in sorted(found, key=lambda key: (key[0], _rank(key[1]))):
        names.setdefault(name, []).append(severity)
    return names


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


# --- routes ---------------------------------------------------------------------------------------------------------


def _routes(change: Change) -> Iterator[Mark]:
    old, new = of(change.old, "AlertmanagerConfig"), of(change.new, "AlertmanagerConfig")
    if not old:
        return
    if change.new is None:
        yield Mark(_NAME, f"AlertmanagerConfig {change.object.name} is deleted: its alerts are told to nobody")
        return
    for labels in _samples(old, new):
        before, after = _told(old, labels), _told(new, labels)
        if before and not after:
            who = " ".join(f"{key}={value}" for key, value in labels.items())
            yield Mark(_NAME, f"alerts with {who} are told to nobody, were told to {', '.join(before)}", "spec.route")
    known = items(old, "spec", "inhibitRules")
    for rule in items(new, "spec", "inhibitRules"):
        if rule not in known:
            yield Mark(
                _NAME, f"{_named(rule, 'sourceMatch')} silences {_named(rule, 'targetMatch')}", "spec.inhibitRules"
            )
    yield from _cut(old, new)
    for key in ("muteTimeIntervals", "activeTimeIntervals"):
        if _times(new, key) > _times(old, key):
            yield Mark(_NAME, f"{change.object.name} is silent at more times ({key})", "spec.route")


def _cut(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Mark]:
    before, after = ({str(at(r, "name")): _most(r) for r in items(side, "spec", "receivers")} for side in (old, new))
    for name, most in after.items():
        if name in before and most < before[name]:
            yield Mark(_NAME, f"a message to {name} holds {most:g} alerts at most, the others are left out",
                       f"spec.receivers[{name}]")  # fmt: skip


def _most(receiver: Any) -> float:
    """Return how many alerts a message holds; 0 is Alertmanager's word for all."""
    return min((float(at(one, "maxAlerts") or "inf") for one in items(receiver, "webhookConfigs")), default=math.inf)


def _samples(*configs: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a set of labels for each combination of values that the routes of both sides tell apart."""
    values: dict[str, list[str]] = {"severity": list(_SEVERITIES)}
    for config in configs:
        for route in _all(mapping(config, "spec", "route")):
            for matcher in items(route, "matchers"):
                named = values.setdefault(str(at(matcher, "name")), [])
                named += [one for one in str(at(matcher, "value") or "").split("|") if one not in named]
    rows = product(*([*found, ""] if name != "severity" else found for name, found in values.items()))
    return [{key: value for key, value in zip(values, row, strict=True) if value} for row in rows][:2000]


def _all(route: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield route
    for child in items(route, "routes"):
        yield from _all(child)


def _told(config: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """Return the receivers that are told of an alert, those that tell nobody left out."""
    receivers = {str(at(one, "name")): one for one in items(config, "spec", "receivers")}
    names = _receivers(mapping(config, "spec", "route"), labels, "")
    return [name for name in dict.fromkeys(names) if len(receivers.get(name, {})) > 1]


def _receivers(route: Mapping[str, Any], labels: Mapping[str, str], inherited: str) -> list[str]:
    receiver = str(route.get("receiver") or inherited)
    found: list[str] = []
    for child in items(route, "routes"):
        if all(matches(matcher, labels) for matcher in items(child, "matchers")):
            found += _receivers(child, labels, receiver)
            if not child.get("continue"):
                return found
    return found or [receiver]


def _named(rule: Mapping[str, Any], key: str) -> str:
    parts: Sequence[Any] = items(rule, key)
    return (
        " and ".join(f"{at(one, 'name')}{at(one, 'matchType') or '='}{at(one, 'value')}" for one in parts) or "anything"
    )


def _times(config: Mapping[str, Any], key: str) -> int:
    return sum(len(texts(route, key)) for route in _all(mapping(config, "spec", "route")))


RISK = Risk(_NAME, run)
