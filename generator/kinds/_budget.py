"""The rules of an objective: what is recorded, and the alerts on how fast its error budget burns.

The tiers are those of Google's Site Reliability Workbook (chapter 5: multiwindow, multi-burn-rate alerts), scaled to
the window. What they read is made to survive what breaks such rules in practice: a series of bad events that does not
exist yet counts as 0, an idle time leaves no NaN in the budget, few events fire nothing, a vanished exporter fires an
alert of its own, and thresholds are decimal numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from generator.alert_templates._template import Condition, aggregate, number, prometheus
from generator.alert_templates.budget_burn import REMAINING
from generator.kinds._alerting import Alert, Record, Severity, Tier, placed, recorded
from generator.kinds._budget_cases import burn_cases, silence_cases
from generator.model import Resolving
from generator.rules.promql import NAMESPACE, Matcher, Read, scoped
from runtime.contract import millis

BURN_TIER = "burn_tier"
"""Label that tells the tiers of one objective apart; a faster one silences the slower ones."""
BUDGET = REMAINING
"""Share of the error budget that is left."""
_BASE = 5
"""Minutes of the window that the budget is summed from."""
_ABSENT = "10m"


@dataclass(frozen=True)
class Count:
    """Events, and which of them are good or bad."""

    total: Read
    side: Read
    holds: Literal["good", "bad"]
    """What the events of `side` are."""
    by: tuple[str, ...] = ()
    below: Decimal | None = None
    """For a histogram: seconds up to which an observation is good; `total` and `side` are then its name."""

    @property
    def all_series(self) -> str:
        """Selector of the counter of all events."""
        return scoped(self.total).text("_count" if self.below is not None else "")

    @property
    def side_series(self) -> str:
        """Selector of the counter of good or bad events.

        Exporters write the bound 5 as `5` or `5.0`, and Prometheus 2 keeps what they write.
        """
        if self.below is None:
            return scoped(self.side).text()
        bound = number(self.below)
        le = Matcher("le", "=", bound) if "." in bound else Matcher("le", "=~", rf"{bound}(\.0)?")
        return scoped(self.side).text("_bucket", [le])


@dataclass(frozen=True)
class TierWindow:
    """One speed at which a budget may burn."""

    name: str
    factor: Decimal
    """How many times as fast as allowed."""
    long: int
    """Minutes of the long window, over which it has to burn."""
    short: int
    """Minutes of the short window, in which it still has to."""
    pending: str


def windows(window: str) -> Iterator[TierWindow]:
    """Yield the tiers of a window, from fast to slow."""
    whole = millis(window) // 60_000
    for name, divisor, factor, pending in (
        ("fast", 720, "14.4", "2m"),
        ("medium", 120, "6", "5m"),
        ("slow", 30, "3", "15m"),
        ("trickle", 10, "1", "30m"),
    ):
        long = -(-whole // divisor)
        yield TierWindow(name, Decimal(factor), long, max(_BASE, -(-long // 12)), pending)


@dataclass(frozen=True)
class Budget:
    """An objective as numbers."""

    name: str
    alert: str
    """How the names of its alerts start."""
    count: Count
    target: Decimal
    """Share of good events."""
    window: str
    min_events: int
    tiers: Mapping[str, Severity]
    absent: Severity

    def used(self) -> Iterator[tuple[TierWindow, Severity, Decimal]]:
        """Yield tiers with severity and share of bad events; without those for which even an outage is too little."""
        for tier in windows(self.window):
            limit = tier.factor * (1 - self.target)
            if tier.name in self.tiers and limit < 1:
                yield tier, self.tiers[tier.name], limit

    def series(self, name: str) -> str:
        """Return the selector of a recorded series."""
        return Read(name, (Matcher("objective", "=", self.name), Matcher("namespace", "=", NAMESPACE))).text()


def rules(
    budget: Budget, summary: str, runbook: str, context: Resolving
) -> tuple[tuple[Record, ...], tuple[Alert, ...]]:
    """Return what is recorded, and the alerts."""
    labels = {"objective": budget.name}
    records = tuple(recorded(name, expr, context, labels) for name, expr in _records(budget))
    owner, names = context.base["owner"], (f"{budget.alert}BudgetBurn", f"{budget.alert}NoData")
    tiers = tuple(_tier(budget, *one, context) for one in budget.used())
    burn = Alert(names[0], owner, summary, runbook, tiers, lambda families, _: burn_cases(budget, families))
    silent = f"Nothing is counted for the objective {budget.name}"
    absent = (_absent(budget, context),)
    quiet = Alert(names[1], owner, silent, runbook, absent, lambda families, _: silence_cases(budget, families))
    return records, (burn, quiet) if tiers else (quiet,)


# --- what is recorded -------------------------------------------------------------------------------------------------


def span(minutes: int) -> str:
    """Return minutes as Prometheus writes a window."""
    return prometheus(f"{minutes}m")


def ratio(minutes: int) -> str:
    """Return the name of the recorded share of bad events within a window."""
    return f"objective:bad:ratio_rate{span(minutes)}"


def events(minutes: int) -> str:
    """Return the name of the recorded number of events within a window."""
    return f"objective:total:increase{span(minutes)}"


def _records(budget: Budget) -> Iterator[tuple[str, str]]:
    count, used = budget.count, [tier for tier, _, _ in budget.used()]
    yield "objective:total:rate5m", _rate(count, count.all_series, _BASE)
    yield "objective:bad:rate5m", _bad(count, _BASE)
    for minutes in sorted({m for tier in used for m in (tier.long, tier.short)}):
        yield ratio(minutes), f"({_bad(count, minutes)}) / ({_rate(count, count.all_series, minutes)} > 0)"
    for tier in used:
        yield events(tier.long), aggregate("sum", count.by, f"increase({count.all_series}[{span(tier.long)}])")
    yield BUDGET, _remaining(budget)


def _rate(count: Count, series: str, minutes: int) -> str:
    return aggregate("sum", count.by, f"rate({series}[{span(minutes)}])")


def _bad(count: Count, minutes: int) -> str:
    """Bad events a second. Series that do not exist count as 0 wherever events are counted at all."""
    everything, side = _rate(count, count.all_series, minutes), _rate(count, count.side_series, minutes)
    filled = f"{side} or 0 * {everything}"
    return filled if count.holds == "bad" else f"clamp_min({everything} - ({filled}), 0)"


def _remaining(budget: Budget) -> str:
    """What is left of the budget; all of it while there were no events. Idle times add zeros and never NaN."""
    over = prometheus(budget.window)
    bad, total = (f"sum_over_time({budget.series(name)}[{over}])" for name in _SUMMED)
    return f"1 - {bad} / ({total} > 0) / {number(1 - budget.target)} or 1 + 0 * {total}"


_SUMMED = ("objective:bad:rate5m", "objective:total:rate5m")


# --- alerts -----------------------------------------------------------------------------------------------------------


def _tier(budget: Budget, tier: TierWindow, severity: Severity, limit: Decimal, context: Resolving) -> Tier:
    still = f"{budget.series(ratio(tier.short))} > {number(limit)}"
    enough = f"{budget.series(events(tier.long))} >= {budget.min_events}"
    labels = {"objective": budget.name, BURN_TIER: tier.name}
    condition = Condition(budget.series(ratio(tier.long)), number(limit), "ratio", guard=f"{still} and {enough}",
                          labels=labels)  # fmt: skip
    return Tier(severity, tier.pending, _burns(budget, tier), (placed(condition, context),))


def _burns(budget: Budget, tier: TierWindow) -> str:
    lasts = f"{number((Decimal(millis(budget.window)) / tier.factor / 3_600_000).quantize(Decimal(1)))}h"
    return (
        f"{{{{ $value | humanizePercentage }}}} of the events within {span(tier.long)} were bad. "
        f"{number((1 - budget.target) * 100)}% of {prometheus(budget.window)} may be; "
        f"at {number(tier.factor)} times that, the budget lasts {lasts}."
    )


def _absent(budget: Budget, context: Resolving) -> Tier:
    condition = Condition(f"absent_over_time({budget.count.all_series}[{_ABSENT}])", "0", "",
                          labels={"objective": budget.name})  # fmt: skip
    text = f"There was no sample of {budget.count.total.metric} for {_ABSENT}: the budget stands still."
    return Tier(budget.absent, "5m", text, (placed(condition, context),))
