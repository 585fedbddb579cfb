"""A metric is read in a way that its type does not allow.

A counter only grows: compared as it is, it fires for ever after the first events, so it is read through `rate` or
`increase`. The rate of a gauge is noise: a gauge that falls looks like a counter that was reset. A histogram has no
value under its own name, only `_bucket`, `_sum` and `_count`.

Fix: put `rate(...[5m])` or `increase(...[15m])` around a counter, read a gauge as it is (or with `deriv`), and take
quantiles of a histogram with `histogram_quantile` over the rate of its `_bucket`, or use the template `latency`.

Bad: `promql: apm_dead_letters_total > 5`, and `rate(apm_queue_depth[5m])`.

Good: `promql: increase(apm_dead_letters_total[15m]) > 5`, and `apm_queue_depth > 100`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import Use, families, uses
from generator.problems import Problem
from generator.rules.promql import Read, Selector, Series, series

_RATES = frozenset(("rate", "irate", "increase", "resets"))
_COUNTING = frozenset(
    ("absent", "absent_over_time", "present_over_time", "changes", "timestamp", "count", "count_over_time", "group")
)
"""What looks at samples, not at their values."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each metric that is read against its type."""
    names = series(families(catalogue).values())
    for use in uses(catalogue):
        for read in use.expression.reads if use.expression else ():
            if read.metric in names and (message := _wrong(use, read, names[read.metric])):
                yield use.problem(read.metric, "metric-type", *message)


def _wrong(use: Use, read: Read, found: Series) -> tuple[str, str] | None:
    name, kind = read.metric, found.kind
    if isinstance(use.marker, Selector):
        types = use.marker.types
        wanted = " or ".join(types)
        return None if kind in types else (f"{name} is a {kind}; this has to be a {wanted}", "")
    around = frozenset(read.inside)
    if kind == "histogram":
        return f"{name} is a histogram and has no value of its own", f"read {name}_bucket, {name}_sum or {name}_count"
    if kind == "counter" and not around & (_RATES | _COUNTING):
        return f"{name} is a counter: its value only grows", f"write rate({name}[5m]) or increase({name}[15m])"
    if kind == "gauge" and around & _RATES:
        return f"{name} is a gauge: its rate means nothing", "read it as it is, or with deriv or delta"
    return None


CHECK = Check("metric-type", run, each_environment=True)
