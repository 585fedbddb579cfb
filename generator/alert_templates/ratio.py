"""A share of events is bad: both sides are summed before they are divided, and few events do not count."""

from collections.abc import Callable, Iterable
from typing import Annotated

from pydantic import Field

from generator.alert_templates._template import (
    AlertTemplate,
    Case,
    Condition,
    Percent,
    Proof,
    aggregate,
    fraction,
    label_value,
    minutes,
    prometheus,
)
from generator.kinds.runtime import Runtime
from generator.rules.promql import LabelsOf, Selector, scoped, selector
from runtime.contract import Duration, Many, Strict


class Ratio(Strict):
    """Fires while the share of bad events is above a limit."""

    bad: Annotated[str, Selector(("counter",))]
    """Counter of bad events, such as `apm_runs_total{outcome="failed"}`."""
    total: Annotated[str, Selector(("counter",))]
    """Counter of all events, the bad ones included."""
    above: Percent
    """Share of bad events."""
    over: Duration = "10m"
    """Time over which events are counted."""
    by: Annotated[Many[str], LabelsOf(("bad", "total"))] = ()
    """Labels by which shares are formed."""
    min_events: Annotated[int, Field(ge=1)] = 10
    """Events within the time below which nothing is said."""


def conditions(params: Ratio, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    bad, total, over = scoped(selector(params.bad)), scoped(selector(params.total)), prometheus(params.over)
    upper = aggregate("sum", params.by, f"increase({bad.text()}[{over}])")
    lower = aggregate("sum", params.by, f"increase({total.text()}[{over}])")
    yield Condition(
        f"{upper} / ({lower} > 0)", fraction(params.above), "ratio", guard=f"{lower} >= {params.min_events}"
    )


def describe(params: Ratio) -> str:
    """Return the share."""
    return f"{{{{ $value | humanizePercentage }}}} within {params.over}; the limit is {params.above}."


def cases(params: Ratio, proof: Proof) -> Iterable[Case]:
    """Prove it above and below the limit, when idle, with few events and without data."""
    limit = float(fraction(params.above))
    at = minutes(params.over) + proof.pending + 3
    events = 1000 * params.min_events
    share = limit + (1 - limit) / 5
    yield Case("above the limit", _series(params, proof, share * events, events, at), at, fires=limit < 1)
    yield Case("below the limit", _series(params, proof, limit * 0.8 * events, events, at), at, fires=False)
    yield Case("idle", _series(params, proof, 0, 0, at), at, fires=False)
    yield Case("no data", (), at, fires=False)
    if params.min_events > 1:
        few = (params.min_events - 1) / (minutes(params.over) + 1)
        yield Case("few events, all bad", _series(params, proof, few * 0.9, few * 0.9, at), at, fires=False)


def _series(params: Ratio, proof: Proof, bad: float, total: float, at: int) -> tuple[tuple[str, str], ...]:
    """Counters that grow by this much a minute. Where both are one metric, the good ones are what is left."""
    worse, everything, by = selector(params.bad), selector(params.total), label_value(params.by)
    one = worse.metric == everything.metric
    rest = proof.unlike(everything, worse, **by) if one else proof.series(everything, **by)
    good = total - bad if one else total
    return ((proof.series(worse, **by), f"0+{bad:.6f}x{at}"), (rest, f"0+{good:.6f}x{at}"))


TEMPLATE = AlertTemplate("ratio", Ratio, conditions, describe, cases)
