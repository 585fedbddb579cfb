"""An exception has come to its end.

Every Waiver has a last day. After it the specs are refused, so that an exception is either ended or decided upon
again, and never forgotten. Days are those of UTC.

Fix: do what the exception was waiting for and remove it, or decide again: a new reason, and a new day.
"""

import datetime as dt
from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules import clock


def run(catalogue: Catalogue, today: dt.date | None = None) -> Iterable[Problem]:
    """Report each waiver whose last day is before `today`."""
    now = today or clock.today()
    for waiver in catalogue.all("Waiver"):
        last = dt.date.fromisoformat(waiver.spec.expires)
        if last < now:
            message = f'the waiver "{waiver.name}" expired on {last.isoformat()}'
            hint = "end what it was for and remove it, or decide again with a new reason and day"
            yield waiver.problem(("spec", "expires"), "waiver-expired", message, hint)


CHECK = Check("waiver-expired", run)
