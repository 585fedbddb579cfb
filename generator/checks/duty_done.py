"""A duty was done in the future.

`lastDone` is the day on which it was really done. One that lies ahead would keep its alert silent until then.

Fix: write the day on which it was done; `apm duties done NAME` writes today.

Bad: `lastDone: "2126-01-31"`. Good: `lastDone: "2026-01-31"`.
"""

import datetime as dt
from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules import clock


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each duty that was done after tomorrow: somewhere it is tomorrow already."""
    latest = clock.today() + dt.timedelta(days=1)
    for duty in catalogue.all("Maintenance"):
        if dt.date.fromisoformat(duty.spec.last_done) > latest:
            message = f"{duty.spec.last_done} has not come yet"
            yield duty.problem(("spec", "lastDone"), "duty-done", message, "write the day on which it was done")


CHECK = Check("duty-done", run, each_environment=True)
