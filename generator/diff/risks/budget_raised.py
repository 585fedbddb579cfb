"""A run, an agent or the namespace may spend more.

Marked: more tokens, money, steps, turns or visits, or no limit where there was one; a budget that asks a person
instead of failing; a larger ResourceQuota.
Not marked: a lower limit, or one where there was none.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import at, data_path, document, mapping, of, quantity, steps
from runtime.contract.documents import AgentDocument, Limits, ModelDocument

_NAME = "budget-raised"
_WORKFLOW = "apm.workflow/v1"
_MONEY = re.compile(r"(\d+(?:\.\d+)?) [A-Z]{3}")


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each limit that is higher or gone."""
    yield from _workflow(change)
    yield from _quota(change)


def _workflow(change: Change) -> Iterator[Mark]:
    old, new = document(change.old, _WORKFLOW), document(change.new, _WORKFLOW)
    if not old or not new:
        return
    base, name = data_path(change.object, _WORKFLOW), str(new.get("name"))
    yield from _budget(f"workflow {name}", mapping(old, "budget"), mapping(new, "budget"), f"{base}.budget")
    yield from _limit(f"workflow {name}: maxSteps", old, new, ("limits", "maxSteps"), Limits().max_steps, base)
    for kind, key, default in (("agent", "maxTurns", _default(AgentDocument, "max_turns")),
                               ("model", "maxOutputTokens", _default(ModelDocument, "max_output_tokens"))):  # fmt: skip
        for one, value in mapping(new, f"{kind}s").items():
            before = mapping(old, f"{kind}s", one)
            if before:
                yield from _limit(f"{kind} {one}: {key}", before, value, (key,), default, f"{base}.{kind}s.{one}")
                yield from _budget(
                    f"{kind} {one}", mapping(before, "budget"), mapping(value, "budget"), f"{base}.{kind}s.{one}"
                )
    before_steps = dict(steps(old))
    for step, value in steps(new):
        if step in before_steps:
            yield from _limit(
                f"step {step}: maxVisits", before_steps[step], value, ("maxVisits",), None, f"{base}.steps[{step}]"
            )


def _default(model: Any, name: str) -> Any:
    return model.model_fields[name].default


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
