"""Something piles up: a gauge of a number or an age stays above a limit."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import Field

from generator.alert_templates._template import (
    AlertTemplate,
    Case,
    Condition,
    Proof,
    aggregate,
    label_value,
    threshold,
)
from generator.kinds.runtime import Runtime
from generator.rules.promql import LabelsOf, Selector, scoped, selector
from runtime.contract import Duration, Many, Strict


class Backlog(Strict):
    """Fires while a gauge is above a limit."""

    metric: Annotated[str, Selector(("gauge",))]
    """Gauge that is watched."""
    above: Annotated[float, Field(ge=0)] | Duration
    """The limit: a number, or a duration where the metric is in seconds."""
    by: Annotated[Many[str], LabelsOf(("metric",))] = ()
    """Labels by which values are kept apart."""
    aggregate: Literal["max", "sum"] = "max"
    """How several series become one: `max` where each pod tells the same, `sum` where each tells its part."""


def conditions(params: Backlog, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    value = aggregate(params.aggregate, params.by, scoped(selector(params.metric)).text())
    yield Condition(value, threshold(params.above), "seconds" if isinstance(params.above, str) else "")


def describe(params: Backlog) -> str:
    """Return the value."""
    shown = "$value | humanizeDuration" if isinstance(params.above, str) else "$value | humanize"
    above = params.above if isinstance(params.above, str) else threshold(params.above)
    return f"{selector(params.metric).metric} is {{{{ {shown} }}}}; the limit is {above}."


def cases(params: Backlog, proof: Proof) -> Iterable[Case]:
    """Prove it above and below the limit, at 0 and without data."""
    at, limit = proof.pending + 3, float(threshold(params.above))
    series = proof.series(selector(params.metric), **label_value(params.by))
    yield Case("above the limit", ((series, f"{limit * 1.1 + 1:.3f}x{at}"),), at, fires=True)
    yield Case("at the limit", ((series, f"{limit:.3f}x{at}"),), at, fires=False)
    yield Case("idle", ((series, f"0x{at}"),), at, fires=False)
    yield Case("no data", (), at, fires=False)


TEMPLATE = AlertTemplate("backlog", Backlog, conditions, describe, cases)
