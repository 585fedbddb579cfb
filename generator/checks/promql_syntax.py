"""An expression is not PromQL, or is something else than its field holds.

Prometheus refuses the whole rule file for one wrong expression, so that no alert of the group works any more, and a
panel shows an error instead of a line. The parser's message is quoted. Fields such as `counter` or `bad` hold one
metric with matchers: the template adds `rate` and sums itself.

Fix: correct the expression; `apm explain Alerts.alerts` says which fields hold what.

Bad: `promql: avg_over_time(up[30m]) by (job) < 1`, and `counter: rate(apm_dead_letters_total[5m])`.

Good: `promql: avg by (job) (avg_over_time(up[30m])) < 1`, and `counter: apm_dead_letters_total`.
"""

import re
from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import uses
from generator.problems import Problem, nearest
from generator.rules.promql import Selector

_FUNCTION = re.compile(r"unknown function with name '(\w+)'")
_KNOWN = (
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time", "ceil",
    "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "day_of_month", "day_of_week",
    "day_of_year", "days_in_month", "deg", "delta", "deriv", "exp", "floor", "histogram_avg", "histogram_count",
    "histogram_fraction", "histogram_quantile", "histogram_stddev", "histogram_stdvar", "histogram_sum", "hour",
    "idelta", "increase", "irate", "label_join", "label_replace", "last_over_time", "ln", "log10", "log2",
    "max_over_time", "min_over_time", "minute", "month", "pi", "predict_linear", "present_over_time",
    "quantile_over_time", "rad", "rate", "resets", "round", "scalar", "sgn", "sin", "sinh", "sort", "sort_desc",
    "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time", "tan", "tanh", "time", "timestamp", "vector",
    "year",
)  # fmt: skip
"""Functions of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/functions/)."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each text that does not parse."""
    for use in uses(catalogue):
        if use.expression is None:
            if unknown := _FUNCTION.search(use.error):
                name = unknown[1]
                yield use.problem(name, "promql-syntax", f'PromQL has no function "{name}"', nearest(name, _KNOWN))
                continue
            what = "a metric" if isinstance(use.marker, Selector) else "PromQL"
            yield use.spec.problem(use.loc, "promql-syntax", f"this is not {what}: {use.error}")


CHECK = Check("promql-syntax", run, each_environment=True)
