"""There is work all the time, and none of it gets done.

Neither a gauge nor a counter alone tells: idle systems finish nothing, and busy ones are busy.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from generator.alert_templates._template import (
    AlertTemplate,
    Case,
    Condition,
    Proof,
    aggregate,
    label_value,
    minutes,
    prometheus,
)
from generator.kinds.runtime import Runtime
from generator.rules.promql import LabelsOf, Selector, scoped, selector
from runtime.contract import Duration, Many, Strict


class Stuck(Strict):
    """Fires while work was there for the whole of a time in which nothing was finished."""

    working: Annotated[str, Selector(("gauge",))]
    """Gauge of work in hand, such as `apm_runs_active`; 0 without any."""
    finished: Annotated[str, Selector(("counter",))]
    """Counter of what gets done, such as `apm_step_runs_total`; where there is no series, nothing was."""
    over: Duration = "30m"
    """The time: longer than the longest piece of work takes."""
    by: Annotated[Many[str], LabelsOf(("working", "finished"))] = ()
    """Labels by which work is kept apart."""


def conditions(params: Stuck, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule. `increase` of one event may be a little below 1, never below a half."""
    over, working = prometheus(params.over), scoped(selector(params.working)).text()
    always = aggregate("max", params.by, f"min_over_time({working}[{over}])")
    done = aggregate("sum", params.by, f"increase({scoped(selector(params.finished)).text()}[{over}])")
    yield Condition(f"({done} or 0 * {always})", "0.5", "", "<", guard=f"{always} > 0")


def describe(params: Stuck) -> str:
    """Say what is missing."""
    return f"There was work for {params.over} ({selector(params.working).metric}), and none of it was finished."


def cases(params: Stuck, proof: Proof) -> Iterable[Case]:
    """Prove it with and without progress, idle, without a series of progress, and without data."""
    over, by = minutes(params.over), label_value(params.by)
    at = over + proof.pending + 3
    work, done = proof.series(selector(params.working), **by), proof.series(selector(params.finished), **by)
    busy, idle = (work, f"2x{at}"), (work, f"0x{at}")
    once = f"5x{at - over // 2 - 1} 6x{over // 2}"
    yield Case("work and no progress", (busy, (done, f"7x{at}")), at, fires=True)
    yield Case("one is finished", (busy, (done, once)), at, fires=False)
    yield Case("progress", (busy, (done, f"0+1x{at}")), at, fires=False)
    yield Case("idle", (idle, (done, f"7x{at}")), at, fires=False)
    yield Case("work came just now", ((work, f"0x{at - 2} 2x2"), (done, f"7x{at}")), at, fires=False)
    yield Case("nothing was ever finished", (busy,), at, fires=True)
    yield Case("no data", (), at, fires=False)


TEMPLATE = AlertTemplate("stuck", Stuck, conditions, describe, cases)
