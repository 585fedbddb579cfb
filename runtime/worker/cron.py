"""Times of schedules, in a time zone; hours that the clock skips or repeats are handled as Debian's cron does."""

import datetime as dt
from zoneinfo import ZoneInfo

from cronsim import CronSim


def latest(expression: str, zone: str, now: int) -> int:
    """Return the last time of a schedule up to now, in milliseconds since 1970."""
    at = dt.datetime.fromtimestamp(now / 1000, ZoneInfo(zone)) + dt.timedelta(seconds=1)
    return int(next(CronSim(expression, at, reverse=True)).timestamp() * 1000)
