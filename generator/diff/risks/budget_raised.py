"""A run, an agent or the namespace may spend more.

Marked: more tokens, money, steps, turns, rounds, visits or runs at a time, or no limit where there was one, for a run,
for a day, or for a task of an agent; a budget that asks a person instead of failing; a price that is gone or lower, so
that the same money lets more calls through; a new trigger; a larger ResourceQuota.
Not marked: a lower limit, or one where there was none.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import WORKFLOW, at, documents, mapping, of, quantity, steps, triggers
from runtime.contract.documents import AgentDocument, Limits, ModelDocument

_NAME = "budget-raised"
_LIMITS = (
    ("agent", "maxTurns", AgentDocument.model_fields["max_turns"].default),
    ("agent", "maxRounds", AgentDocument.model_fields["max_rounds"].default),
    ("model", "maxOutputTokens", ModelDocument.model_fields["max_output_tokens"].default),
)
"""Kind, field, and what counts where it is not written."""
_MONEY = re.compile(r"(\d+(?:\.\d+)?) [A-Z]{3}")


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each limit that is higher or gone."""
    yield from _workflow(change)
    yield from _quota(change)


def _workflow(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, WORKFLOW)
    if not old or not new:
        return
    name = str(new.get("name"))
    yield from _budget(f"workflow {name}", mapping(old, "budget"), mapping(new, "budget"), f"{base}.budget")
    was, now = (mapping(side, "budget", "perDay") for side in (old, new))
    yield from _budget(f"workflow {name} in a day", was, now, f"{base}.budget.perDay")
    yield from _limit(f"workflow {name}: maxSteps", old, new, ("limits", "maxSteps"), Limits().max_steps, base)
    yield from _limit(f"workflow {name}: maxConcurrentRuns", old, new, ("limits", "maxConcurrentRuns"), None, base)
    yield from _triggers(f"workflow {name}", old, new, f"{base}.triggers")
    for kind, key, default in _LIMITS:
        for one, value in mapping(new, f"{kind}s").items():
            if before := mapping(old, f"{kind}s", one):
                yield from _limit(f"{kind} {one}: {key}", before, value, (key,), default, f"{base}.{kind}s.{one}")
    for one, value in mapping(new, "agents").items():
        if before := mapping(old, "agents", one):
            was, now = (mapping(side, "budget") for side in (before, value))
            yield from _budget(f"agent {one}", was, now, f"{base}.agents.{one}.budget")
    for one, value in mapping(new, "models").items():
        yield from _prices(f"model {one}", mapping(old, "models", one), value, f"{base}.models.{one}")
    before_steps = dict(steps(old))
    for step, value in steps(new):
        if step in before_steps:
            yield from _limit(
                f"step {step}: maxVisits", before_steps[step], value, ("maxVisits",), None, f"{base}.steps[{step}]"
            )


def _triggers(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    before = triggers(old)
    for trigger in triggers(new):
        if trigger not in before:
            yield Mark(_NAME, f"{name} is started by {trigger}", path)


def _prices(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    for key in ("priceIn", "priceOut"):
        was, now = old.get(key), new.get(key)
        if was is not None and (now is None or _number(now) < _number(was)):
            yield Mark(_NAME, f"{name}: {key} is {now or 'not told'}, was {was}: maxCost holds less", f"{path}.{key}")


def _budget(who: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    yield from _limit(f"{who}: maxTokens", old, new, ("maxTokens",), None, path)
    yield from _limit(f"{who}: maxCost", old, new, ("maxCost",), None, path)
    if new.get("onExceeded") == "approve" != old.get("onExceeded"):
        yield Mark(_NAME, f"{who} asks for more instead of failing when its budget is spent", f"{path}.onExceeded")


def _limit(what: str, old: Any, new: Any, keys: tuple[str, ...], default: Any, path: str) -> Iterator[Mark]:
    was, now = at(old, *keys), at(new, *keys)
    was, now = (default if was is None else was), (default if now is None else now)
    if _number(now) > _number(was):
        place = ".".join((path, *keys))
        yield Mark(_NAME, f"{what} is {'unlimited' if now is None else now}, was {was}", place)


def _number(value: Any) -> float:
    if value is None:
        return math.inf
    money = _MONEY.fullmatch(str(value))
    return float(money[1] if money else value)


def _quota(change: Change) -> Iterator[Mark]:
    old, new = (mapping(of(side, "ResourceQuota"), "spec", "hard") for side in (change.old, change.new))
    for key, before in old.items():
        now = new.get(key)
        if change.new is not None and (quantity(now) if now is not None else math.inf) > (quantity(before) or 0):  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]
            yield Mark(_NAME, f"quota {key} is {now or 'unlimited'}, was {before}", "spec.hard")


RISK = Risk(_NAME, run)
