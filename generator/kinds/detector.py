"""An anomaly detector: an alert on values that are far from what is usual for a series, where no fixed limit fits.

What is usual is recorded as a band. The robust method takes the median of a window and how far values are from it; the
seasonal one takes the same hour of the weeks before. A back-test counts the alerts that ordinary days would have given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._alerting import AlertGroup, Severity, Told, pascal
from generator.kinds._band import Band, Replay, rules
from generator.kinds.metrics import Metrics, own
from generator.model import Kind, Resolving
from generator.rules.promql import LabelsOf, Selector, selector
from runtime.contract import Duration, FileRef, Many, Ref, Strict, millis


def _hours(text: str) -> str:
    if not 3_600_000 <= millis(text) <= 14 * 86_400_000:
        raise PydanticCustomError("detector-window", "a window of what is usual is from 1h to 14d")
    return text


class Robust(Strict):
    """Usual is the median of a window; how far values are from it is a median too, so that outliers hardly count."""

    window: Annotated[Duration, AfterValidator(_hours)] = "1d"
    """The window, from `1h` to `14d`. Nothing is said until half of it is known."""


class Seasonal(Strict):
    """Usual is what the same hour of the weeks before had: for what follows working days and nights."""

    weeks: Annotated[int, Field(ge=1, le=8)] = 3
    """Weeks that are looked back. Nothing is said before the first has passed."""


class Backtest(Strict):
    """How many alerts ordinary days may give; `apm test --rules` fails above."""

    max_alerts_per_day: Annotated[float, Field(ge=0)] = 1
    """Alerts a day, on average."""
    values: Annotated[str | None, FileRef("text")] = None
    """File beside the spec with values of the series as they were, one a line, longer than what is looked back;
    default: made up, with a daily cycle and noise."""
    step: Duration = "5m"
    """Time between the values of the file."""


class DetectorSpec(Strict):
    """One detector."""

    metric: Annotated[str, Selector(("gauge", "counter"))]
    """Series that is watched: a gauge as it is, a counter by its rate."""
    over: Duration = "10m"
    """Time over which a gauge is averaged or the rate of a counter is taken, so that one odd sample does not count."""
    aggregate: Literal["sum", "max"] = "sum"
    """How the series of several pods become one."""
    by: Annotated[Many[str], LabelsOf(("metric",))] = ()
    """Labels of which each value has a band of its own."""
    robust: Robust | None = None
    """Compare with the median of a window."""
    seasonal: Seasonal | None = None
    """Compare with the same hour of the weeks before."""
    sensitivity: Annotated[float, Field(ge=1, le=20)] = 4
    """How many times as far as usual a value has to be: of noise, 4 is hardly ever passed."""
    min_deviation: Annotated[float, Field(gt=0)]
    """How far a value has to be at least, in the unit of the series (of a counter: a second): what is always the same
    would else alarm at the smallest change."""
    direction: Literal["above", "below", "both"] = "above"
    """Which values are meant: too high, too low, or both."""
    severity: Severity = "info"
    """How urgent it is; an anomaly is a reason to look and seldom one to be woken."""
    for_: Annotated[Duration, Field(alias="for")] = "15m"
    """How long it has to last."""
    summary: str
    """One sentence; `{{ $labels.queue }}` stands for a label of `by`."""
    runbook: Annotated[str, FileRef("text")]
    """Markdown file beside the spec that says what to do; `$namespace` is the environment's namespace there too."""
    dashboard: Annotated[str | None, Ref("Dashboard")] = None
    """Dashboard that messages link to; default: the first one with a panel for it."""
    backtest: Backtest = Backtest()
    """How many alerts ordinary days may give."""

    @model_validator(mode="after")
    def _one_method(self) -> "DetectorSpec":
        if (self.robust is None) == (self.seasonal is None):
            raise PydanticCustomError("one-method", "a detector has exactly one of `robust` and `seasonal`")
        return self

    def told(self, name: str) -> Iterator[Told]:
        """Yield its alert."""
        yield f"{pascal(name)}Anomaly", self.severity, ("spec", "severity")


@dataclass(frozen=True)
class Detector(AlertGroup):
    """A detector, resolved."""

    spec: DetectorSpec
    band: Band


def resolve(spec: DetectorSpec, context: Resolving) -> Detector:
    """Return the detector with its rules."""
    families = {f.name: f for f in (*own(), *(f for metrics in context.all(Metrics) for f in metrics.families))}
    read = selector(spec.metric)
    band = Band(
        name=context.base["source"].name,
        read=read,
        counter=read.metric not in families or families[read.metric].type == "counter",
        over=spec.over,
        aggregate=spec.aggregate,
        by=spec.by,
        window=spec.robust.window if spec.robust else None,
        weeks=spec.seasonal.weeks if spec.seasonal else 0,
        sensitivity=spec.sensitivity,
        least=spec.min_deviation,
        direction=spec.direction,
        severity=spec.severity,
        pending=spec.for_,
        replay=_replay(spec.backtest, context),
    )
    records, alert = rules(band, f"{pascal(band.name)}Anomaly", spec.summary, context.text(spec.runbook), context)
    return Detector(**context.base, alerts=(alert,), dashboard=spec.dashboard, records=records, spec=spec, band=band)


def _replay(spec: Backtest, context: Resolving) -> Replay:
    text = context.text(spec.values) if spec.values else ""
    return Replay(spec.max_alerts_per_day, tuple(float(line) for line in text.split()), spec.step)


KIND = Kind("Detector", DetectorSpec, Detector, resolve)
