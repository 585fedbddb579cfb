"""An expression reads a metric that nothing exports.

An alert on a metric that does not exist never fires, and a panel on it stays empty: both look like all is well. Metrics
of the runtime are known from its own code (docs/reference/metrics.md); those of other exporters are declared in
`Metrics` specs.

Fix: correct the name (the nearest one is suggested), or declare the metric in a `Metrics` spec of its exporter. A
histogram is read as `..._bucket`, `..._sum` and `..._count`.

Bad: `counter: apm_dead_letter_total`.

Good: `counter: apm_dead_letters_total`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import complete, families, uses
from generator.problems import Problem, nearest
from generator.rules.promql import series


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each unknown name once for each expression."""
    if not complete(catalogue, "Metrics"):
        return
    names = series(families(catalogue).values())
    for use in uses(catalogue):
        reads = use.expression.reads if use.expression else ()
        for metric in dict.fromkeys(read.metric for read in reads):
            if not metric:
                yield use.spec.problem(
                    use.loc, "unknown-metric", "a selector without a metric's name reads all there are"
                )
            elif metric not in names:
                hint = nearest(metric, names) or "declare it in a Metrics spec"
                yield use.problem(metric, "unknown-metric", f'nothing exports a metric "{metric}"', hint)


CHECK = Check("unknown-metric", run, each_environment=True)
