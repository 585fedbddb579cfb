"""Times of schedules, in a time zone; hours that the clock skips or repeats are handled as Debian's cron does."""

import datetime as dt
from zoneinfo import ZoneInfo

from cronsim import CronSim


def latest(expression: str, zone: str, now: int) -> int:
    """Return the last time of a schedule up to now, in milliseconds since 1970."""
    at = dt.datetime.fromtimestamp(now / 1000, ZoneInfo(zone)) + dt.timedelta(seconds=1)
    return int(next(CronSim(expression, at, reverse=True)).timestamp() * 1000)


def following(expression: str, zone: str, now: int) -> int:
    """Return the next time of a schedule after now, in milliseconds since 1970.

    Raises:
        CronSimError: the expression makes no sense.
        KeyError: there is no such time zone.
    """
    at = dt.datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    return int(next(CronSim(expression, at)).timestamp() * 1000)


def within(expression: str, zone: str | None, end: str | None, now: int) -> int:
    """Return the next time of a schedule that is not after its end (ISO 8601), and 0 when there is none.

    Raises as `following`, and `ValueError` when the end makes no sense.
    """
    at = following(expression, zone or "UTC", now)
    if end is None:
        return at
    last = dt.datetime.fromisoformat(end)
    last = last if last.tzinfo else last.replace(tzinfo=dt.UTC)
    return at if at <= last.timestamp() * 1000 else 0
