"""An alert fires later, at a worse value, or is told of later.

Two expressions are compared token by token. Where they differ only in numbers beside a comparison, it is known which
way the threshold moved; where they differ otherwise, the alert may be looser or stricter, and the mark says that it
has to be read.

Marked: `for` is longer; `> 0.1` becomes `> 0.2`; `< 1` becomes `< 0.5`; another expression, also of a recording rule
that alerts are computed from; messages that are grouped for longer or repeated less often.
Not marked: a threshold that is met sooner; another text or another runbook.
"""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import at, items, mapping, of, seconds

_NAME = "threshold-loosened"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_:][\w:]*|\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:[a-z]+)?|[<>=!~]=?|\S')
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each alert that is less sensitive, or may be."""
    yield from _timing(change)
    before, after = (_records(of(side, "PrometheusRule")) for side in (change.old, change.new))
    for name in sorted({name.split()[0] for name in before.keys() & after.keys() if before[name] != after[name]}):
        yield Mark(_NAME, f"{name} is computed otherwise: alerts on it may be looser, read it", "spec.groups")
    old = _alerts(of(change.old, "PrometheusRule"))
    for key, (rule, path) in _alerts(of(change.new, "PrometheusRule")).items():
        if key in old:
            yield from _rule(" ".join(key).strip(), old[key][0], rule, path)


def _timing(change: Change) -> Iterator[Mark]:
    old, new = (_routes(mapping(of(side, "AlertmanagerConfig"), "spec", "route")) for side in (change.old, change.new))
    for name, key in product(old.keys() & new.keys(), ("groupWait", "groupInterval", "repeatInterval")):
        was, now = old[name].get(key), new[name].get(key)
        if (seconds(now) or 0) > (seconds(was) or math.inf):
            yield Mark(_NAME, f"{name} has {key} {now}, was {was}", "spec.route")


def _routes(route: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the routes, by receiver and what they are for."""
    words = [f"{at(one, 'name')}{at(one, 'matchType')}{at(one, 'value')}" for one in items(route, "matchers")]
    found = {" ".join((f"the route to {route.get('receiver')}", *words)): route}
    for child in items(route, "routes"):
        found |= _routes(child)
    return found


def _records(rule: Mapping[str, Any]) -> dict[str, str]:
    rules = [one for group in items(rule, "spec", "groups") for one in items(group, "rules") if at(one, "record")]
    return {f"{at(one, 'record')} {at(one, 'labels') or ''}".strip(): str(at(one, "expr")) for one in rules}


def _alerts(rule: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Mapping[str, Any], str]]:
    found: dict[tuple[str, str], tuple[Mapping[str, Any], str]] = {}
    for group in items(rule, "spec", "groups"):
        for one in items(group, "rules"):
            key = str(at(one, "alert")), str(at(one, "labels", "severity") or "")
            path = f"spec.groups[{at(group, 'name')}].rules[{' '.join(key).strip()}]"
            found |= {key: (one, path)} if at(one, "alert") else {}
    return found


def _rule(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    before, after = seconds(old.get("for", "0s")) or 0, seconds(new.get("for", "0s")) or 0
    if after > before:
        yield Mark(_NAME, f"{name} waits {new.get('for')}, was {old.get('for', '0s')}", f"{path}.for")
    was, now = str(old.get("expr")), str(new.get("expr"))
    if was == now:
        return
    moves = _moves(_TOKEN.findall(was), _TOKEN.findall(now))
    if moves is None:
        yield Mark(_NAME, f"{name} has another expression: it may be looser, read it", f"{path}.expr")
    else:
        yield from (Mark(_NAME, f"{name} fires {move}", f"{path}.expr") for move in moves)


def _moves(old: list[str], new: list[str]) -> list[str] | None:
    """Return thresholds that are looser, such as `above 0.2, was above 0.1`; None where that can't be told."""
    if len(old) != len(new):
        return None
    found: list[str] = []
    for position, (was, now) in enumerate(zip(old, new, strict=True)):
        if was == now:
            continue
        operator = _operator(new, position)
        if not operator or not _NUMBER.fullmatch(was) or not _NUMBER.fullmatch(now):
            return None
        looser = float(now) > float(was) if operator in (">", ">=") else float(now) < float(was)
        word = "above" if operator in (">", ">=") else "below"
        found += [f"{word} {now}, was {word} {was}"] if looser else []
    return found


def _operator(tokens: list[str], position: int) -> str:
    """Return the comparison beside a number, as if the number stood at its right."""
    before = tokens[position - 1] if position else ""
    after = tokens[position + 1] if position + 1 < len(tokens) else ""
    if before == "bool" and position > 1:
        before = tokens[position - 2]
    return before if before in _MIRRORED else _MIRRORED.get(after, "")


RISK = Risk(_NAME, run)
