"""Today. The only thing that checks know of the world outside the repository; tests pass their own."""

import datetime as dt


def today() -> dt.date:
    """Return today's date in UTC, so that a check says the same everywhere at one moment."""
    return dt.datetime.now(dt.UTC).date()
