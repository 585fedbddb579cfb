"""What proves the rules of an objective: each tier just above and just below its limit, and all that must be silent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from generator.alert_templates._template import Case, Proof, label_value, minutes, number
from generator.kinds._alerting import Severity
from generator.rules.promql import Family

if TYPE_CHECKING:
    from generator.kinds._budget import Budget, TierWindow

_EVENTS = 1000
"""Events of a step, for each that there have to be."""


@dataclass(frozen=True)
class _Flow:
    """Events over time: steps with these amounts each, after and before steps with good ones only."""

    bad: Decimal
    total: Decimal
    steps: int
    before: int = 0
    after: int = 0


def burn_cases(budget: "Budget", families: Mapping[str, Family]) -> Iterator[tuple[Severity, Case]]:
    """Yield what proves each tier."""
    proof = Proof(families, 0, _no_runtime)
    for tier, severity, limit in budget.used():
        for case in _tier_cases(budget, tier, limit, proof):
            yield severity, case


def _no_runtime(_: str) -> Any:
    raise AssertionError("an objective reads no Runtime")


def _tier_cases(budget: "Budget", tier: "TierWindow", limit: Decimal, proof: Proof) -> Iterator[Case]:
    step = -(-tier.short // 6)
    steps = -(-(tier.long + minutes(tier.pending)) // step) + 3
    total = Decimal(_EVENTS * budget.min_events)
    above = min(limit * Decimal("1.2"), (1 + limit) / 2)

    def case(name: str, flow: _Flow | None, *, fires: bool) -> Case:
        series = _series(budget, proof, flow) if flow else ()
        return Case(f"{tier.name}: {name}", series, steps * step, fires, step=step, labels={"burn_tier": tier.name})

    yield case("just above", _Flow(above * total, total, steps), fires=True)
    yield case("just below", _Flow(limit * Decimal("0.8") * total, total, steps), fires=False)
    yield case("nothing is bad", _Flow(Decimal(0), total, steps), fires=False)
    yield case("idle", _Flow(Decimal(0), Decimal(0), steps), fires=False)
    yield case("no data", None, fires=False)
    few = Decimal(budget.min_events - 1) * Decimal("0.9") / (tier.long // step + 1)
    if few:
        yield case("few events, all bad", _Flow(few, few, steps), fires=False)
    calm = -(-tier.short // step) + 2
    worse = min(Decimal(1), limit * 2)
    if worse * (tier.long // step - calm - 1) / (tier.long // step) > limit:
        yield case("over for the short window", _Flow(worse * total, total, steps - calm, after=calm), fires=False)
    new = calm + -(-minutes(tier.pending) // step)
    if worse * (new + 1) / (tier.long // step) < limit:
        yield case("too short for the long window", _Flow(worse * total, total, new, before=steps - new), fires=False)
    if budget.count.holds == "bad" and budget.count.total.metric != budget.count.side.metric:
        alone = tuple(_series(budget, proof, _Flow(Decimal(0), total, steps))[1:])
        yield Case(f"{tier.name}: no series of bad events yet", alone, steps * step, fires=False, step=step,
                   labels={"burn_tier": tier.name})  # fmt: skip


def silence_cases(budget: "Budget", families: Mapping[str, Family]) -> Iterator[tuple[Severity, Case]]:
    """Yield what proves the alert on missing data."""
    proof = Proof(families, 0, _no_runtime)
    labels = {"objective": budget.name}

    def case(name: str, series: tuple[tuple[str, str], ...], *, fires: bool) -> tuple[Severity, Case]:
        return budget.absent, Case(name, series, 30, fires, labels=labels)

    busy = _series(budget, proof, _Flow(Decimal(1), Decimal(100), 30))
    yield case("counting", busy, fires=False)
    yield case("idle", _series(budget, proof, _Flow(Decimal(0), Decimal(0), 30)), fires=False)
    yield case("never there", (), fires=True)
    yield case("gone", tuple((name, "0+100x5") for name, _ in busy), fires=True)
    yield case("gone for less than it takes", tuple((name, "0+100x20") for name, _ in busy), fires=False)


def _series(budget: "Budget", proof: Proof, flow: _Flow) -> tuple[tuple[str, str], ...]:
    """Counters of the side that is counted, and of the rest or of all."""
    count, by = budget.count, label_value(budget.count.by)
    side = flow.bad if count.holds == "bad" else flow.total - flow.bad
    calm_side = Decimal(0) if count.holds == "bad" else flow.total
    if count.below is not None:
        bucket = proof.series(count.side, "_bucket", le=number(count.below), **by)
        return (bucket, _values(flow, side, calm_side)), (
            proof.series(count.total, "_count", **by),
            _values(flow, flow.total, flow.total),
        )
    first = (proof.series(count.side, **by), _values(flow, side, calm_side))
    if count.total.metric != count.side.metric:
        return first, (proof.series(count.total, **by), _values(flow, flow.total, flow.total))
    rest = proof.unlike(count.total, count.side, **by)
    return first, (rest, _values(flow, flow.total - side, flow.total - calm_side))


def _values(flow: _Flow, amount: Decimal, calm: Decimal) -> str:
    """Return a counter in promtool's notation: its first sample is 0, each step adds an amount."""
    parts, reached = list[str](), Decimal(0)
    for each, steps in ((calm, flow.before), (amount, flow.steps), (calm, flow.after)):
        if steps and not parts:
            parts.append(f"0+{each:.6f}x{steps}")
        elif steps:
            parts.append(f"{reached + each:.6f}+{each:.6f}x{steps - 1}")
        reached += each * steps
    return " ".join(parts)
