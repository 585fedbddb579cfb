"""Schedules with five fields: what they match, and which of their hours a change of the clocks skips or doubles."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_PART = re.compile(r"(?P<all>\*)|(?P<first>\w+)(-(?P<last>\w+))?")
_YEARS = range(2024, 2036)
"""Years whose changes of the clocks are looked at; fixed, so that a check says the same every day."""


@dataclass(frozen=True)
class Schedule:
    """A schedule that was understood."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    by_day: bool
    by_weekday: bool
    """Whether days and weekdays are restricted; where both are, either is enough."""

    def on(self, day: dt.date) -> bool:
        """Return whether anything happens on a day."""
        if day.month not in self.months:
            return False
        in_days, in_weekdays = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_days or in_weekdays if self.by_day and self.by_weekday else in_days and in_weekdays

    def ever(self) -> bool:
        """Return whether there is any day on which something happens, such as in no 31st of February."""
        start = dt.date(2024, 1, 1)
        return any(self.on(start + dt.timedelta(days=number)) for number in range(366 * 8))

    def within(self, start: int, end: int) -> bool:
        """Return whether anything happens between two minutes of a day."""
        return any(start <= hour * 60 + minute < end for hour in self.hours for minute in self.minutes)


class NotASchedule(ValueError):  # noqa: N818  (it is what the text is)
    """What is wrong with a schedule, and which part of its text."""

    def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.message, self.offset, self.length = message, offset, length


@lru_cache(maxsize=1024)
def parse(text: str) -> Schedule:
    """Return a schedule.

    Raises:
        NotASchedule: it can't be understood.
    """
    fields = list(re.finditer(r"\S+", text))
    if len(fields) != len(_FIELDS):
        what = "minute, hour, day of month, month, day of week"
        raise NotASchedule(f"a schedule has five fields ({what}), this one has {len(fields)}", 0, len(text))
    values = [_values(match[0], match.start(), *field) for match, field in zip(fields, _FIELDS, strict=True)]
    weekdays = frozenset(day % 7 for day in values[4])
    by_day, by_weekday = fields[2][0] != "*", fields[4][0] != "*"
    return Schedule(values[0], values[1], values[2], values[3], weekdays, by_day, by_weekday)


def _values(text: str, offset: int, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        spread, _, step = part.partition("/")
        match = _PART.fullmatch(spread)
        if match is None or (step and not step.isdigit()) or step == "0" or part.endswith("/"):
            raise NotASchedule(f'"{part}" is no {name}', offset, len(text))
        first = low if match["all"] else _number(match["first"], offset, name, low, high, names, len(text))
        last = high if match["all"] or (step and not match["last"]) else first
        if match["last"]:
            last = _number(match["last"], offset, name, low, high, names, len(text))
        if last < first:
            raise NotASchedule(f'"{part}" ends before it starts', offset, len(text))
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, offset: int, name: str, low: int, high: int, names: tuple[str, ...], length: int) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + low
    if not text.isdigit() or not low <= int(text) <= high:
        raise NotASchedule(f'"{text}" is no {name}: it is between {low} and {high}', offset, length)
    return int(text)


@dataclass(frozen=True)
class Change:
    """A day on which clocks are changed: the minutes that are skipped, or that come twice."""

    day: dt.date
    start: int
    end: int
    skipped: bool


@lru_cache(maxsize=64)
def changes(zone: str) -> tuple[Change, ...]:
    """Return the changes of the clocks of a time zone."""
    return tuple(_changes(zoneinfo.ZoneInfo(zone)))


def _changes(zone: zoneinfo.ZoneInfo) -> Iterator[Change]:
    day = dt.datetime(_YEARS.start, 1, 1, tzinfo=dt.UTC)
    for _ in range(366 * len(_YEARS)):
        after = day + dt.timedelta(days=1)
        if _offset(day, zone) != _offset(after, zone):
            yield _change(day, after, zone)
        day = after


def _offset(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()


def _change(low: dt.datetime, high: dt.datetime, zone: zoneinfo.ZoneInfo) -> Change:
    before = _offset(low, zone)
    while high - low > dt.timedelta(minutes=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    jump = int((_offset(high, zone) - before).total_seconds() // 60)
    moment = high.replace(second=0, microsecond=0)
    local = (moment + before).replace(tzinfo=None)
    start, end = sorted((local.hour * 60 + local.minute, local.hour * 60 + local.minute + jump))
    if start < 0:  # clocks that go back at midnight repeat the end of the day before
        return Change(local.date() - dt.timedelta(days=1), start + 1440, end + 1440, skipped=False)
    return Change(local.date(), start, end, jump > 0)


def unlucky(schedule: Schedule, zone: str) -> Change | None:
    """Return the first change of the clocks that skips or doubles an occurrence."""
    found = (c for c in changes(zone) if schedule.on(c.day) and schedule.within(c.start, c.end))
    return next(found, None)


def following(text: str, zone: str, day: dt.date) -> dt.datetime:
    """Return the first time of a schedule after the end of a day.

    A time that a change of the clocks skips comes as much later as they are put forward.

    Raises:
        NotASchedule: it can't be understood, or never comes.
        zoneinfo.ZoneInfoNotFoundError: there is no such time zone.
    """
    schedule = parse(text)
    if not schedule.ever():
        raise NotASchedule("there is no such day")
    found = day + dt.timedelta(days=1)
    while not schedule.on(found):
        found += dt.timedelta(days=1)
    time = dt.time(min(schedule.hours), min(schedule.minutes), tzinfo=zoneinfo.ZoneInfo(zone))
    return dt.datetime.combine(found, time).astimezone(dt.UTC)
