"""A service level objective (SLO): which share of events has to be good, and alerts on how fast the rest is used up.

What may go wrong within the window is the error budget. Four alerts watch how fast it burns, each over a long window
and a short one: much in an hour wakes people, a little for days is work for the day. A vanished exporter is an alert of
its own, since without events no budget burns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._alerting import AlertGroup, Severity, Told, pascal
from generator.kinds._budget import Budget, Count, rules
from generator.model import Kind, Resolving
from generator.rules.promql import LabelsOf, Selector, selector
from runtime.contract import Duration, FileRef, Many, Ref, Strict, millis

_DAY = 86_400_000


def _target(text: str) -> str:
    number = text.removesuffix("%")
    whole, _, part = number.partition(".")
    plain = f"{whole}{part}".isdigit() and text.endswith("%")
    if not plain or not 50 <= Decimal(number) < 100:
        raise PydanticCustomError("objective-target", "a target is a share from 50% to below 100%, such as 99.9%")
    return text


def _window(text: str) -> str:
    if not 7 * _DAY <= millis(text) <= 90 * _DAY or millis(text) % _DAY:
        raise PydanticCustomError("objective-window", "a window is a number of whole days, from 7d to 90d")
    return text


class Share(Strict):
    """Events of which some are good: `total`, and one of `good` and `bad`."""

    total: Annotated[str, Selector(("counter",))]
    """Counter of all events, such as `apm_runs_total`."""
    bad: Annotated[str | None, Selector(("counter",))] = None
    """Counter of bad events; while there is none of its series yet, no event was bad."""
    good: Annotated[str | None, Selector(("counter",))] = None
    """Counter of good events; while there is none of its series yet, no event was good."""
    by: Annotated[Many[str], LabelsOf(("total", "bad", "good"))] = ()
    """Labels of which each value has a budget of its own, such as `workflow`."""

    @model_validator(mode="after")
    def _one_side(self) -> "Share":
        if (self.bad is None) == (self.good is None):
            raise PydanticCustomError("one-side", "a ratio has `total` and exactly one of `good` and `bad`")
        return self


class Faster(Strict):
    """Observations of a histogram, of which those up to a limit are good."""

    histogram: Annotated[str, Selector(("histogram",))]
    """Histogram by its declared name, without `_bucket`."""
    below: Duration
    """The limit; it has to be the upper bound of one of the buckets, because nothing between two bounds is known."""
    by: Annotated[Many[str], LabelsOf(("histogram",))] = ()
    """Labels of which each value has a budget of its own, such as `workflow`."""


class Indicator(Strict):
    """What is counted: exactly one of `ratio` and `latency`."""

    ratio: Share | None = None
    """Counters of events."""
    latency: Faster | None = None
    """How long something took."""

    @model_validator(mode="after")
    def _one(self) -> "Indicator":
        if (self.ratio is None) == (self.latency is None):
            raise PydanticCustomError("one-indicator", "an indicator is exactly one of `ratio` and `latency`")
        return self

    @property
    def count(self) -> Count:
        """What is counted, and which of it is good or bad."""
        if self.latency:
            read = selector(self.latency.histogram)
            limit = Decimal(millis(self.latency.below)) / 1000
            return Count(read, read, "good", self.latency.by, limit)
        assert self.ratio
        side = selector(self.ratio.bad or self.ratio.good or "")
        return Count(selector(self.ratio.total), side, "bad" if self.ratio.bad else "good", self.ratio.by)


class Severities(Strict):
    """How urgent each tier is. `none` leaves it out."""

    fast: Severity | Literal["none"] = "critical"
    """2% of the budget within 1/720 of the window: an hour of 30 days. It burns 14.4 times as fast as it may."""
    medium: Severity | Literal["none"] = "critical"
    """5% within 1/120: six hours of 30 days, 6 times as fast."""
    slow: Severity | Literal["none"] = "warning"
    """10% within 1/30: a day of 30, 3 times as fast."""
    trickle: Severity | Literal["none"] = "warning"
    """10% within 1/10: three days of 30, just as fast as it may."""


class ObjectiveSpec(Strict):
    """One objective."""

    indicator: Indicator
    """What is counted."""
    target: Annotated[str, AfterValidator(_target)]
    """Share of events that has to be good, such as `99.5%`."""
    window: Annotated[Duration, AfterValidator(_window)] = "30d"
    """Time that the share is taken of, in days. Prometheus has to keep samples for as long."""
    min_events: Annotated[int, Field(ge=1)] = 20
    """Events within a tier's long window below which it says nothing: one failure of three is no trend."""
    severities: Severities = Severities()
    """How urgent it is when the budget burns. A tier that would need more than all events to be bad is left out."""
    absent: Severity = "warning"
    """How urgent it is when nothing is counted any more."""
    summary: str
    """One sentence for the alerts on the budget; `{{ $labels.workflow }}` stands for a label of `by`."""
    runbook: Annotated[str, FileRef("text")]
    """Markdown file beside the spec that says what to do; `$namespace` is the environment's namespace there too."""
    dashboard: Annotated[str | None, Ref("Dashboard")] = None
    """Dashboard that messages link to; default: the first one with a panel for it."""

    @property
    def tiers(self) -> dict[str, Severity]:
        """Severities of the tiers that there are."""
        chosen = self.severities
        found: dict[str, Severity | Literal["none"]] = {
            "fast": chosen.fast,
            "medium": chosen.medium,
            "slow": chosen.slow,
            "trickle": chosen.trickle,
        }
        return {name: severity for name, severity in found.items() if severity != "none"}

    def told(self, name: str) -> Iterator[Told]:
        """Yield its two alerts, once for each severity."""
        first: dict[Severity, str] = {severity: tier for tier, severity in reversed(self.tiers.items())}
        for severity, tier in first.items():
            yield f"{pascal(name)}BudgetBurn", severity, ("spec", "severities", tier)
        yield f"{pascal(name)}NoData", self.absent, ("spec", "absent")


@dataclass(frozen=True)
class Objective(AlertGroup):
    """An objective, resolved."""

    spec: ObjectiveSpec
    budget: Budget


def resolve(spec: ObjectiveSpec, context: Resolving) -> Objective:
    """Return the objective with its rules."""
    name = context.base["source"].name
    budget = Budget(
        name=name,
        alert=pascal(name),
        count=spec.indicator.count,
        target=Decimal(spec.target[:-1]) / 100,
        window=spec.window,
        min_events=spec.min_events,
        tiers=spec.tiers,
        absent=spec.absent,
    )
    records, alerts = rules(budget, spec.summary, context.text(spec.runbook), context)
    return Objective(**context.base, alerts=alerts, dashboard=spec.dashboard, records=records, spec=spec,
                     budget=budget)  # fmt: skip


KIND = Kind("Objective", ObjectiveSpec, Objective, resolve)
