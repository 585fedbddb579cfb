"""A test of an alert gives a series that is none.

Each series of a test is one metric, with labels in `{ }` if need be. Anything else is refused by promtool, which runs
the tests after they were rendered.

Fix: correct the series.

Bad: `series: {'apm_store_up{namespace="$namespace"': 0x20}`.

Good: `series: {'apm_store_up{namespace="$namespace"}': 0x20}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules.promql import PromQLError, selector

CODE = "alert-series"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such series where it stands."""
    for group in catalogue.all("Alerts"):
        for name, alert in group.spec.alerts.items():
            for number, test in enumerate(alert.tests):
                for series in (series for series in test.series if not _readable(series)):
                    loc = ("spec", "alerts", name, "tests", number, "series", series)
                    yield group.problem(loc, CODE, "this is no series", 'write `metric{label="value"}`', key=True)


def _readable(series: str) -> bool:
    try:
        selector(series)
    except PromQLError:
        return False
    return True


CHECK = Check(CODE, run, each_environment=True)
