"""The rules of a detector: the band of what is usual, and the alert on values outside of it.

The score of a value is its distance from the middle in half widths of the band: 1 is at the edge. Spread is the median
absolute deviation times 1.4826, which for normally distributed values is their standard deviation (Rousseeuw and Croux,
1993); unlike that, it is not moved by the outliers that it is to find.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from generator.alert_templates._template import Condition, aggregate, number, prometheus
from generator.kinds._alerting import Alert, Record, Severity, Tier, of_severity, placed, recorded
from generator.kinds._band_cases import cases
from generator.model import Resolving
from generator.rules.promql import NAMESPACE, Matcher, Read, scoped
from runtime.contract import millis

_NORMAL = "1.4826"
VALUE, CENTER, UPPER, LOWER = (f"detector:{part}" for part in ("value", "center", "upper", "lower"))
_DEVIATION, _SPREAD, _WIDTH, SCORE = (f"detector:{part}" for part in ("deviation", "spread", "width", "score"))


@dataclass(frozen=True)
class Replay:
    """What a back-test runs through."""

    alerts_a_day: float
    values: tuple[float, ...]
    """Values as they were; none where they are made up."""
    step: str


@dataclass(frozen=True)
class Band:
    """A detector as numbers."""

    name: str
    read: Read
    counter: bool
    over: str
    aggregate: str
    by: tuple[str, ...]
    window: str | None
    """What the robust method looks back; None with the seasonal one."""
    weeks: int
    sensitivity: float
    least: float
    """The smallest half width of the band."""
    direction: Literal["above", "below", "both"]
    severity: Severity
    pending: str
    replay: Replay

    def series(self, name: str) -> str:
        """Return the selector of a recorded series."""
        return Read(name, (Matcher("detector", "=", self.name), Matcher("namespace", "=", NAMESPACE))).text()


def rules(band: Band, name: str, summary: str, runbook: str, context: Resolving) -> tuple[tuple[Record, ...], Alert]:
    """Return what is recorded, and the alert."""
    records = tuple(recorded(of, expr, context, {"detector": band.name}) for of, expr in _records(band))
    text = (
        f"{band.read.metric} is {{{{ $value | humanize }}}} times as far from what is usual as it may be "
        f"({'within ' + prometheus(band.window) if band.window else 'at this hour of the week'})."
    )
    tier = Tier(band.severity, band.pending, text, (placed(_condition(band), context),))
    owner = context.base["owner"]
    return records, Alert(name, owner, summary, runbook, (tier,),
                          lambda families, _: of_severity(band.severity, cases(band, name, families)))  # fmt: skip


def _records(band: Band) -> Iterator[tuple[str, str]]:
    """Yield in the order in which they read each other."""
    value, center, deviation, spread, width = map(band.series, (VALUE, CENTER, _DEVIATION, _SPREAD, _WIDTH))
    how, read = ("rate" if band.counter else "avg_over_time"), scoped(band.read).text()
    yield VALUE, aggregate(band.aggregate, band.by, f"{how}({read}[{prometheus(band.over)}])")
    yield CENTER, _usual(band, value, "avg_over_time({}{})")
    yield _DEVIATION, f"abs({value} - {center})"
    yield _SPREAD, f"{_NORMAL} * {_usual(band, deviation, 'quantile_over_time(0.5, {}{})')}"
    least = number(band.least)
    yield _WIDTH, f"clamp_min({number(band.sensitivity)} * {spread}, {least}) or 0 * {center} + {least}"
    yield UPPER, f"{center} + {width}"
    yield LOWER, f"{center} - {width}"
    yield SCORE, f"({value} - {center}) / {width}"


def _usual(band: Band, series: str, hour: str) -> str:
    """Return what a series usually is: its median over the window, or over the same hours of the weeks before."""
    if band.window:
        return f"quantile_over_time(0.5, {series}[{prometheus(band.window)}])"
    weeks = (
        f"label_replace({hour.format(series, f'[1h] offset {prometheus(_around(week))}')}, "
        f'"week", "{week}", "detector", ".*")'
        for week in range(1, band.weeks + 1)
    )
    return f"quantile without (week) (0.5, {' or '.join(weeks)})"


def _around(week: int) -> str:
    """The hour that has this time of the week in its middle."""
    return f"{week * 7 * 1440 - 30}m"


def _condition(band: Band) -> Condition:
    score, labels = band.series(SCORE), {"detector": band.name}
    value = f"abs({score})" if band.direction == "both" else score
    op, limit = ("<", "-1") if band.direction == "below" else (">", "1")
    return Condition(value, limit, "", op, guard=_known(band), labels=labels)


def _known(band: Band) -> str:
    """Half of the window has passed; with the seasonal method there is no middle before the first week has."""
    if not band.window:
        return ""
    half = prometheus(f"{millis(band.window) // 120_000}m")
    return f"last_over_time({band.series(VALUE)}[{half}] offset {half})"
