"""Schedules with five fields, as Kubernetes reads them: whether they make sense, and how far apart their times lie."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_PART = re.compile(r"(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
_DAYS = 8 * 366
"""Days that are looked at: every 29 February lies within eight years of the last."""


@dataclass(frozen=True)
class Cron:
    """The times of a schedule, by the clock on the wall."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either_day: bool
    """Both kinds of day are restricted: then one of them is enough."""

    def on(self, day: dt.date) -> bool:
        """Return whether there is a time on a day."""
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and ((by_month or by_week) if self.either_day else (by_month and by_week))


@lru_cache(maxsize=256)
def parse(text: str) -> Cron:
    """Return a schedule.

    Raises:
        ValueError: it has not five fields, or one of them is out of range; the message says which.
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError("a schedule has five fields: minute, hour, day of month, month, day of week")
    minutes, hours, days, months, weekdays = (
        _values(field, *known) for field, known in zip(fields, _FIELDS, strict=True)
    )
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    cron = Cron(minutes, hours, days, months, weekdays, either)
    if next(_days(cron), None) is None:
        raise ValueError("there is no such day in any year")
    return cron


def _values(field: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"`{part}` is no {name}: write a number, a range, a list, `*` or a step such as `*/15`")
        everything, first, last, step = match[1] == "*", match[2], match[3], int(match[4] or 1)
        start = low if everything else int(first)
        end = high if everything or (match[4] and not last) else int(last or first)
        if not low <= start <= end <= high or step < 1:
            raise ValueError(f"`{part}` is no {name}: it goes from {low} to {high}")
        found |= set(range(start, end + 1, step))
    return frozenset(found)


def longest_pause(cron: Cron) -> dt.timedelta:
    """Return the longest time between two times of a schedule; a change of the clock can add an hour to it."""
    times = sorted(dt.timedelta(hours=hour, minutes=minute) for hour in cron.hours for minute in cron.minutes)
    inside = max((after - before for before, after in pairwise(times)), default=dt.timedelta())
    days = list(_days(cron))
    over_night = (b - a - times[-1] + times[0] for a, b in pairwise(days))
    return max(inside, max(over_night, default=dt.timedelta(days=_DAYS)))


def _days(cron: Cron) -> Iterator[dt.date]:
    start = dt.date(2024, 1, 1)
    return (day for number in range(_DAYS) if cron.on(day := start + dt.timedelta(days=number)))
