"""An alert's threshold is in another unit than its metric, or can never be passed.

A number where the metric is in seconds (or the other way round) is off by a factor that nobody sees. The quantile of
a histogram is never above its largest bucket. A burst leaves the window of `increase` after `over`, so an alert that
waits longer than that never fires for it.

Fix: write durations with their unit (`30s`, `15m`) for metrics in seconds and plain numbers for all others; stay below
the largest bucket; make `over` longer than `for`.

Bad: `backlog: {metric: apm_queue_oldest_seconds, above: 600}`.

Good: `backlog: {metric: apm_queue_oldest_seconds, above: 10m}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.kinds.alerts import AlertSpec
from generator.model import Catalogue, Check, Declared, Loc
from generator.monitoring.metric_uses import families
from generator.problems import Problem
from generator.rules.promql import Family, PromQLError, selector
from runtime.contract import millis

CODE = "alert-threshold"
_FIELDS = {"backlog": "metric", "latency": "histogram", "freshness": "metric", "certificateExpiry": "metric",
           "increase": "counter"}  # fmt: skip
"""Templates that compare one metric with a limit, and the field that names it."""
_MOMENTS = ("freshness", "certificateExpiry")
"""Templates that take the time until or since a moment."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report thresholds that do not fit the metric they are compared with."""
    known = families(catalogue)
    for group in catalogue.all("Alerts"):
        for name, alert in group.spec.alerts.items():
            loc: Loc = ("spec", "alerts", name)
            if alert.template:
                template, parameters = alert.template
                for part, message, hint in _wrong(template.name, parameters, alert, known):
                    yield group.problem((*loc, *part), CODE, message, hint)
            yield from _order(group, loc, alert)


def _wrong(
    template: str, parameters: Any, alert: AlertSpec, known: Mapping[str, Family]
) -> Iterator[tuple[Loc, str, str]]:
    field = _FIELDS.get(template)
    family = _family(getattr(parameters, field), known) if field else None
    if family is None:
        return
    if template in _MOMENTS and family.unit != "timestamp":
        yield (template, "metric"), f"{family.name} is no time of day", f"{template} needs a metric of unit timestamp"
    levels: list[tuple[Loc, Any]] = []
    if template not in _MOMENTS:
        levels.append(((template, "above"), parameters.above))
    if alert.critical:
        levels.append((("critical", "above"), alert.critical.above))
    for loc, above in levels:
        if template == "backlog":
            yield from _unit(loc, above, family)
        if template == "latency" and family.buckets and millis(above) / 1000 >= family.buckets[-1]:
            yield loc, f"{family.name} has no bucket above {family.buckets[-1]:g} seconds", "stay below it"
    if template == "increase" and millis(alert.for_) >= millis(parameters.over):
        yield (
            (template,),
            f"a burst is gone from the window of {parameters.over} before {alert.for_} have passed",
            "shorten `for`",
        )


def _unit(loc: Loc, above: float | str, family: Family) -> Iterator[tuple[Loc, str, str]]:
    if family.unit == "seconds" and not isinstance(above, str):
        yield loc, f"{family.name} is in seconds: {above:g} says no unit", f"write {above:g}s"
    elif family.unit != "seconds" and isinstance(above, str):
        yield loc, f"{family.name} is no duration", "write a plain number"


def _family(text: str, known: Mapping[str, Family]) -> Family | None:
    try:
        return known.get(selector(text).metric)
    except PromQLError:
        return None


def _order(group: Declared, loc: Loc, alert: AlertSpec) -> Iterator[Problem]:
    if alert.critical is None or alert.template is None:
        return
    first: Any = alert.template[1]
    if _size(alert.critical.above) <= _size(first.above):
        message = f"critical ({alert.critical.above}) is not above the first threshold ({first.above})"
        yield group.problem((*loc, "critical", "above"), CODE, message)


def _size(above: float | str) -> float:
    if isinstance(above, str):
        return float(above[:-1]) if above.endswith("%") else millis(above)
    return above


CHECK = Check(CODE, run, each_environment=True)
