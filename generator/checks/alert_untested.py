"""An alert with its own PromQL has no tests, or only one side of them.

Templates bring their tests along. An expression that was written by hand is proven by situations: at least one in which
the alert fires, and one in which it is silent. They are run with promtool.

Alerts that were brought in from elsewhere may get time for that by a Waiver.

Fix: add `tests`, each with series in promtool's notation (one value a minute), when to look, and what is expected.

Bad: `promql: max(apm_store_up{namespace="$namespace"}) < 1` without `tests`.

Good: the same with `tests: [{name: down, series: {'apm_store_up{namespace="$namespace"}': 0x20}, at: 15m, fires: true},
{name: up, series: {'apm_store_up{namespace="$namespace"}': 1x20}, at: 15m, fires: false}]`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules.waivers import Waivers


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each alert that is not proven."""
    waivers = Waivers(catalogue, "alert-untested")
    for group in catalogue.all("Alerts"):
        for name, alert in group.spec.alerts.items():
            missing = {True, False} - {test.fires for test in alert.tests}
            if alert.promql is not None and missing and not waivers.cover(group.kind, group.name):
                what = " and ".join(("silent", "firing")[fires] for fires in sorted(missing))
                message = f"{name} has its own PromQL and no test in which it is {what}"
                yield group.problem(("spec", "alerts", name), "alert-untested", message, "add tests", key=True)
    yield from waivers.unused()


CHECK = Check("alert-untested", run, each_environment=True)
