"""Something happened more often within a time than it may. For events of which even one matters, `above: 0`."""

from collections.abc import Callable, Iterable
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
)
from generator.kinds.runtime import Runtime
from generator.rules.promql import LabelsOf, Selector, scoped, selector
from runtime.contract import Duration, Many, Strict


class Increase(Strict):
    """Fires while a counter has grown by more than a limit within a time."""

    counter: Annotated[str, Selector(("counter",))]
    """Counter that is watched."""
    above: Annotated[float, Field(ge=0)] = 0
    """How often it may happen."""
    over: Duration = "15m"
    """Time in which it is counted; longer than the alert's `for`, or it can't fire for a single burst."""
    by: Annotated[Many[str], LabelsOf(("counter",))] = ()
    """Labels by which it is counted."""


def conditions(params: Increase, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    read = scoped(selector(params.counter)).text()
    yield Condition(
        aggregate("sum", params.by, f"increase({read}[{prometheus(params.over)}])"), number(params.above), ""
    )


def describe(params: Increase) -> str:
    """Return the count."""
    name = selector(params.counter).metric
    return f"{name} grew by {{{{ $value | humanize }}}} within {params.over}; the limit is {number(params.above)}."


def cases(params: Increase, proof: Proof) -> Iterable[Case]:
    """Prove it with a burst above and below the limit, when idle, long after a burst, and without data."""
    at, window = 5 + proof.pending + 2, minutes(params.over)
    series = proof.series(selector(params.counter), **label_value(params.by))

    def burst(size: float, length: int) -> tuple[tuple[str, str], ...]:
        return ((series, f"7x4 {7 + size:g}x{length}"),)

    yield Case("a burst above the limit", burst(params.above * 1.2 + 1, at), at, fires=True)
    if params.above >= 2:
        yield Case("a burst below the limit", burst(params.above * 0.8, at), at, fires=False)
    yield Case("idle", burst(0, at), at, fires=False)
    late = at + 2 * window
    yield Case("long after a burst", burst(params.above * 1.2 + 1, late), late, fires=False)
    yield Case("no data", (), at, fires=False)


TEMPLATE = AlertTemplate("increase", Increase, conditions, describe, cases)
