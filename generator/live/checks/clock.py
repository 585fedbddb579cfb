"""Do the clocks agree? Leases, tokens and time-outs rely on it."""

import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong

TOLERANCE = 5.0
"""Seconds; a runtime's lease is 30 s by default, and an answer's date is cut to whole seconds."""


def run(patient: Patient) -> Iterable[Answer]:
    """Compare the date of an answer with the time here."""
    before = time.time()
    patient.cluster.get("/version")
    after = time.time()
    if not patient.cluster.date:
        yield unknown("clock", "the date of an answer")
        return
    yield judged(parsedate_to_datetime(patient.cluster.date).timestamp(), before, after)


def judged(there: float, before: float, after: float) -> Answer:
    """Return how far a clock is off, given the times here before and after it was read."""
    off = there - before if there < before else max(0.0, there - after)
    if abs(off) > TOLERANCE:
        where = "behind" if off < 0 else "ahead"
        return wrong("clock", f"the API server's clock is {abs(off):.0f} s {where} of the one here", "set both by NTP")
    return ok("clock", "the API server's clock agrees with the one here")


EXAMINATION = Examination("clock", run)
