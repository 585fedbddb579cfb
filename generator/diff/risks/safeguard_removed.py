"""A failure is caught, undone, bounded or repeated safely no longer.

Nothing changes while all goes well; on a bad day the run does more harm or takes longer than before.

Marked: a step that is no longer undone by `compensate`, or whose failure is no longer handled; a handler that lets
more failures pass; a join or `forEach` that tolerates more; a timeout that is gone or longer; a breaker, rate limit,
idempotency key, fallback model or dead-letter channel that is gone or weaker; scheduled runs that may overlap; a
tool that is now called again, or held to less; an environment that is no longer protected; hand edits that Argo CD
leaves; more pods that may be away at once.
Not marked: fewer attempts, since a failure then shows sooner; a shorter timeout.
"""

import math
from collections.abc import Iterator
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import WORKFLOW, Value, at, documents, items, mapping, of, seconds, steps, texts
from generator.diff.risks.state_schema_breaking import widened
from runtime.contract.documents import Breaker, Limits, ModelDocument, ToolDocument, TriggerDocument

_NAME = "safeguard-removed"


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each safeguard that is gone or weaker."""
    old, new, base = documents(change, WORKFLOW)
    if old and new:
        yield from _workflow(old, new, base)
    yield from _delivery(change)
    yield from _availability(change)


def _workflow(old: Value, new: Value, base: str) -> Iterator[Mark]:
    name = f"workflow {new.get('name')}"
    if old.get("protected") and not new.get("protected"):
        yield Mark(_NAME, f"{name}: the environment {new.get('environment')} is no longer protected", base)
    yield from _longer(name, mapping(old, "limits"), mapping(new, "limits"), f"{base}.limits", Limits().timeout)
    yield from _triggers(name, old, new, f"{base}.triggers")
    after = dict(steps(new))
    for step, before in steps(old):
        if step in after:
            yield from _step(f"step {step}", before, after[step], f"{base}.steps[{step}]")
    for kind, look in (("models", _model), ("tools", _tool), ("channels", _channel), ("resilience", _resilience)):
        for one, before in mapping(old, kind).items():
            if now := mapping(new, kind, one):
                yield from look(one, before, now, f"{base}.{kind}.{one}")


def _longer(who: str, old: Value, new: Value, path: str, default: str | None = None) -> Iterator[Mark]:
    was, now = old.get("timeout", default), new.get("timeout", default)
    if (seconds(now) or math.inf) > (seconds(was) or math.inf):
        yield Mark(_NAME, f"{who} may take {now or 'any time'}, was {was}", f"{path}.timeout")


def _triggers(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    default = TriggerDocument.model_fields["concurrency_policy"].default
    before = {str(at(one, "cron")): at(one, "concurrencyPolicy") or default for one in items(old, "triggers")}
    for one in items(new, "triggers"):
        cron, policy = str(at(one, "cron")), at(one, "concurrencyPolicy") or default
        if before.get(cron) == "Forbid" != policy:
            says = "are cancelled by the next one" if policy == "Replace" else "may overlap"
            yield Mark(_NAME, f"{name}: runs of {cron} {says}", path)


# --- steps -----------------------------------------------------------------------------------------------------------


def _step(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    yield from _longer(name, old, new, path)
    yield from _undone(name, old, new, path)
    yield from _handled(name, old, new, path)
    for key, what in (("resilience", "resilience policy"), ("idempotencyKey", "idempotency key")):
        if old.get(key) and old.get(key) != new.get(key):
            says = f"another {what}" if new.get(key) else f"no {what} any more"
            yield Mark(_NAME, f"{name} has {says}", f"{path}.{key}")
    yield from _tolerated(name, old, new, path)
    for verb in ("listen", "ask"):
        yield from _assumed(name, mapping(old, verb), mapping(new, verb), f"{path}.{verb}")


def _undone(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    before, after = items(old, "compensate"), items(new, "compensate")
    kept = [at(one, "id") for one in after]
    for one in before:
        if at(one, "id") not in kept:
            yield Mark(_NAME, f"{name} is no longer undone by {at(one, 'id')}", f"{path}.compensate")


def _handled(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    before, after = ({str(at(h, "match") or "*"): h for h in items(side, "onError")} for side in (old, new))
    for match, was in before.items():
        problem = "any problem" if match == "*" else match
        now = after.get(match)
        if now is None:
            yield Mark(_NAME, f"{name} no longer handles {problem}", f"{path}.onError")
        elif (was.get("do") or was.get("goto")) and not (now.get("do") or now.get("goto")):
            yield Mark(_NAME, f"{name} goes on as if there were no {problem}", f"{path}.onError")
    for match in after.keys() - before.keys():
        if not after[match].get("do") and not after[match].get("goto"):
            yield Mark(_NAME, f"{name} goes on in spite of {match.replace('*', 'any problem')}", f"{path}.onError")


def _tolerated(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    was, now = (_needed(at(side, "parallel", "join") or "all") for side in (old, new))
    if now < was and "parallel" in new:
        yield Mark(_NAME, f"{name} goes on when {at(new, 'parallel', 'join')} of its branches ended well",
                   f"{path}.parallel.join")  # fmt: skip
    before, after = (at(side, "forEach", "toleratedFailures") or 0 for side in (old, new))
    if _share(after) > _share(before) or (isinstance(after, str) != isinstance(before, str) and after != 0):
        yield Mark(_NAME, f"{name} tolerates {after} failed items, tolerated {before}",
                   f"{path}.forEach.toleratedFailures")  # fmt: skip


def _needed(join: Any) -> float:
    return {"all": math.inf, "any": 1.0}.get(str(join)) or float(join)


def _share(tolerated: Any) -> float:
    return float(str(tolerated).removesuffix("%"))


def _assumed(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    if "onTimeout" in new and new["onTimeout"] != old.get("onTimeout") and old:
        yield Mark(_NAME, f"{name} goes on with a written answer when none comes in time", f"{path}.onTimeout")


# --- what steps use --------------------------------------------------------------------------------------------------


def _model(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    yield from _longer(f"model {name}", old, new, path, ModelDocument.model_fields["timeout"].default)
    for lost in texts(old, "fallback"):
        if lost not in texts(new, "fallback"):
            yield Mark(_NAME, f"model {name} no longer falls back to {lost}", f"{path}.fallback")


def _tool(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    yield from _longer(f"tool {name}", old, new, path, ToolDocument.model_fields["timeout"].default)
    if new.get("idempotent") and not old.get("idempotent"):
        yield Mark(_NAME, f"tool {name} may be called again for one effect", f"{path}.idempotent")
    for key in ("input", "output"):
        for where in widened(mapping(old, key), mapping(new, key), key):
            yield Mark(_NAME, f"tool {name} takes more than before at {where}", f"{path}.{key}")


def _channel(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    if old.get("deadLetter") and not new.get("deadLetter"):
        yield Mark(_NAME, f"events of channel {name} that fail are no longer kept in {old['deadLetter']}",
                   f"{path}.deadLetter")  # fmt: skip


def _resilience(name: str, old: Value, new: Value, path: str) -> Iterator[Mark]:
    who = f"resilience {name}"
    yield from _longer(f"{who}: an attempt", old, new, path)
    was, now = (_failures(side) for side in (old, new))
    if now > was:
        yield Mark(_NAME, f"{who}: the breaker opens after {_count(now)} failures, was {_count(was)}",
                   f"{path}.breaker")  # fmt: skip
    before, after = (old.get("ratePerMinute") or math.inf, new.get("ratePerMinute") or math.inf)
    if after > before:
        yield Mark(_NAME, f"{who}: {_count(after)} calls a minute, was {_count(before)}", f"{path}.ratePerMinute")


def _failures(policy: Value) -> float:
    if at(policy, "breaker") is None:
        return math.inf
    return float(at(policy, "breaker", "failures") or Breaker().failures)


def _count(number: float) -> str:
    return "any number of" if number == math.inf else f"{number:g}"


# --- the cluster -----------------------------------------------------------------------------------------------------


def _delivery(change: Change) -> Iterator[Mark]:
    path = ("spec", "syncPolicy", "automated", "selfHeal")
    old, new = (at(of(side, "Application"), *path) for side in (change.old, change.new))
    if old and change.new is not None and not new:
        yield Mark(_NAME, f"Argo CD no longer reverts hand edits of {change.object.name}", ".".join(path))


def _availability(change: Change) -> Iterator[Mark]:
    old, new = (mapping(of(side, "PodDisruptionBudget"), "spec") for side in (change.old, change.new))
    was, now = old.get("maxUnavailable"), new.get("maxUnavailable")
    if isinstance(was, int) and isinstance(now, int) and now > was:
        yield Mark(_NAME, f"{now} pods of {change.object.name} may be away at once, was {was}", "spec.maxUnavailable")


RISK = Risk(_NAME, run)
