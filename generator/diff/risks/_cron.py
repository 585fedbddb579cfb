"""How often a schedule comes round."""

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def runs_a_week(schedule: str) -> float:
    """Return how often a cron schedule runs in a week, on average over a year; 0 where it can't be read."""
    fields = schedule.split()
    if len(fields) != len(_RANGES):
        return 0
    try:
        counts = [len(_values(field, low, high)) for field, (low, high) in zip(fields, _RANGES, strict=True)]
    except ValueError:
        return 0
    minutes, hours, days, months, weekdays = counts
    month_days, week_days = days / 31, weekdays / 7
    if fields[2] == "*" or fields[4] == "*":
        share = month_days * week_days
    else:  # cron runs on a day that meets either of the two
        share = month_days + week_days - month_days * week_days
    return minutes * hours * share * 7 * months / 12


def _values(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else int(first)
        end = high if first == "*" or (step and not last) else int(last or first)
        found |= {value % 7 if high == 6 else value for value in range(start, end + 1, int(step or 1))}
    return found
