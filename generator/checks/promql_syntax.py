"""An expression is not PromQL, or is something else than its field holds.

Prometheus refuses the whole rule file for one wrong expression, so that no alert of the group works any more, and a
panel shows an error instead of a line. The parser's message is quoted. Fields such as `counter` or `bad` hold one
metric with matchers: the template adds `rate` and sums itself.

Fix: correct the expression; `apm explain Alerts.alerts` says which fields hold what.

Bad: `promql: avg_over_time(up[30m]) by (job) < 1`, and `counter: rate(apm_dead_letters_total[5m])`.

Good: `promql: avg by (job) (avg_over_time(up[30m])) < 1`, and `counter: apm_dead_letters_total`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import uses
from generator.problems import Problem
from generator.rules.promql import Selector


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each text that does not parse."""
    for use in uses(catalogue):
        if use.expression is None:
            what = "a metric" if isinstance(use.marker, Selector) else "PromQL"
            yield use.spec.problem(use.loc, "promql-syntax", f"this is not {what}: {use.error}")


CHECK = Check("promql-syntax", run, each_environment=True)
