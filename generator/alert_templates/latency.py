"""A quantile of a histogram is too long. Few observations do not count."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from generator.alert_templates._template import (
    AlertTemplate,
    Case,
    Condition,
    Proof,
    aggregate,
    label_value,
    minutes,
    number,
    prometheus,
    threshold,
)
from generator.kinds.runtime import Runtime
from generator.rules.promql import LabelsOf, Selector, scoped, selector
from runtime.contract import Duration, Many, Strict


class Latency(Strict):
    """Fires while a quantile is above a limit."""

    histogram: Annotated[str, Selector(("histogram",))]
    """Histogram by its declared name, without `_bucket`."""
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Share of observations that should be faster."""
    above: Duration
    """The limit. It has to be below the largest bucket: longer observations can't be told apart."""
    over: Duration = "10m"
    """Time over which observations are taken."""
    by: Annotated[Many[str], LabelsOf(("histogram",))] = ()
    """Labels by which quantiles are formed."""
    min_events: Annotated[int, Field(ge=1)] = 10
    """Observations within the time below which nothing is said."""


def conditions(params: Latency, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    read, over = scoped(selector(params.histogram)), prometheus(params.over)
    buckets = aggregate("sum", ("le", *params.by), f"rate({read.text('_bucket')}[{over}])")
    count = aggregate("sum", params.by, f"increase({read.text('_count')}[{over}])")
    value = f"histogram_quantile({number(params.quantile)}, {buckets})"
    yield Condition(value, threshold(params.above), "seconds", guard=f"{count} >= {params.min_events}")


def describe(params: Latency) -> str:
    """Return the quantile."""
    share = number(params.quantile * 100)
    return f"{share}% stay below {{{{ $value | humanizeDuration }}}} within {params.over}; the limit is {params.above}."


def cases(params: Latency, proof: Proof) -> Iterable[Case]:
    """Prove it with all observations beyond and below the limit, when idle, with few of them and without data."""
    at = minutes(params.over) + proof.pending + 3
    limit = float(threshold(params.above))
    bounds = proof.families[selector(params.histogram).metric].buckets
    beyond = next((upper for lower, upper in pairwise(bounds) if lower >= limit), float("inf"))
    many, few = 100.0 * params.min_events, (params.min_events - 1) / (minutes(params.over) + 1) * 0.9
    yield Case("slower than the limit", _series(params, proof, beyond, many, at), at, fires=True)
    within = [bound for bound in bounds if bound <= limit]
    if within:
        yield Case("faster than the limit", _series(params, proof, within[-1], many, at), at, fires=False)
    yield Case("idle", _series(params, proof, beyond, 0, at), at, fires=False)
    yield Case("no data", (), at, fires=False)
    if params.min_events > 1:
        yield Case("few events, all slow", _series(params, proof, beyond, few, at), at, fires=False)


def _series(params: Latency, proof: Proof, upper: float, each: float, at: int) -> tuple[tuple[str, str], ...]:
    """Buckets that count `each` observations a minute, all of them just below `upper`."""
    read, by = selector(params.histogram), label_value(params.by)
    bounds = (*proof.families[read.metric].buckets, float("inf"))
    rising, flat = f"0+{each:.6f}x{at}", f"0x{at}"
    buckets = ((b, "+Inf" if b == float("inf") else number(b)) for b in bounds)
    return (
        *((proof.series(read, "_bucket", le=le, **by), rising if b >= upper else flat) for b, le in buckets),
        (proof.series(read, "_count", **by), rising),
    )


TEMPLATE = AlertTemplate("latency", Latency, conditions, describe, cases)
