"""A Grafana dashboard: rows of panels that show a metric, an alert or a PromQL expression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds.metrics import Metrics, Unit, own
from generator.model import Kind, Resolving, Thing
from generator.rules.promql import Family, LabelsOf, PromQL, Selector
from runtime.contract import Duration, Many, Ref, Strict

Show = Literal["timeseries", "stat", "gauge", "table"]


class Variable(Strict):
    """A choice at the top of the dashboard; `$name` stands for it in expressions."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    """Name, as in `workflow=~"$workflow"`."""
    title: str = ""
    """Text for people; default: the name."""
    metric: Annotated[str, Selector()]
    """Metric whose label values can be chosen."""
    label: str
    """The label; several values and all can be chosen."""


class Query(Strict):
    """One line (or set of lines) of a panel."""

    promql: Annotated[str, PromQL()]
    """Expression; `$namespace` is the environment's namespace, `$__rate_interval` a window that fits the scrape."""
    legend: str = ""
    """Name of the line, such as `{{workflow}}`."""


class Panel(Strict):
    """One panel: exactly one of `metric`, `alert`, `objective`, `detector` and `queries`."""

    title: str
    """Heading."""
    description: str = ""
    """What it shows and what to look for; default: the metric's own help."""
    metric: Annotated[str | None, Selector()] = None
    """Metric: a counter is shown as a rate, a histogram as quantiles, a gauge as it is."""
    by: Annotated[Many[str], LabelsOf(("metric",))] = ()
    """Labels by which the metric is kept apart."""
    aggregate: Literal["sum", "max", "min", "avg"] = "sum"
    """How the series of several pods become one; a histogram is always summed."""
    quantiles: Many[Annotated[float, Field(gt=0, lt=1)]] = (0.5, 0.95)
    """Quantiles of a histogram."""
    alert: str | None = None
    """Alert whose value is shown, with its thresholds."""
    objective: Annotated[str | None, Ref("Objective")] = None
    """Objective whose error budget is shown: the share of it that is left, with red below 0."""
    detector: Annotated[str | None, Ref("Detector")] = None
    """Detector whose series is shown, with the band of what is usual."""
    queries: Many[Query] = ()
    """Expressions of one's own."""
    unit: Unit | None = None
    """Unit of the values; needed with `queries` and `detector`, else known."""
    show: Show = "timeseries"
    """Form of the panel."""
    width: Annotated[int, Field(ge=3, le=24)] = 8
    """Width; a row is 24 wide."""
    height: Annotated[int, Field(ge=3, le=24)] = 8
    """Height."""

    @model_validator(mode="after")
    def _one_source(self) -> "Panel":
        sources = [self.metric, self.alert, self.objective, self.detector, self.queries or None]
        if sum(source is not None for source in sources) != 1:
            raise PydanticCustomError(
                "one-source", "a panel shows exactly one of metric, alert, objective, detector and queries"
            )
        if (self.queries or self.detector) and self.unit is None:
            raise PydanticCustomError("unit-missing", 'a panel with queries needs a unit; "" is a plain number')
        return self


class Row(Strict):
    """Panels under one heading, laid out from left to right."""

    title: str
    """Heading."""
    panels: Annotated[Many[Panel], Field(min_length=1)]
    """Panels; a new line begins where the width is used up."""


class DashboardSpec(Strict):
    """One dashboard."""

    title: str
    """Heading."""
    uid: Annotated[str | None, Field(pattern="^[A-Za-z0-9_-]{1,40}$")] = None
    """Stable part of its address; default: the name. Environments that share one Grafana need different ones."""
    refresh: Duration = "30s"
    """How often an open dashboard reads anew."""
    range: Duration = "1h"
    """Time that is shown at first."""
    tags: Many[str] = ()
    """Tags by which it is found."""
    variables: Many[Variable] = ()
    """Choices at the top. A panel with `metric` obeys every one whose label the metric has."""
    rows: Annotated[Many[Row], Field(min_length=1)]
    """Rows from top to bottom."""


@dataclass(frozen=True)
class Dashboard(Thing):
    """A dashboard, resolved."""

    spec: DashboardSpec
    families: Mapping[str, Family]
    """Metrics that its panels may show."""

    @property
    def uid(self) -> str:
        """Stable part of its address."""
        return self.spec.uid or self.name

    def alerts(self) -> list[str]:
        """Return the alerts that it has panels for."""
        return [panel.alert for row in self.spec.rows for panel in row.panels if panel.alert]

    def detectors(self) -> list[str]:
        """Return the detectors that it has panels for."""
        return [panel.detector for row in self.spec.rows for panel in row.panels if panel.detector]

    def objectives(self) -> list[str]:
        """Return the objectives that it has panels for."""
        return [panel.objective for row in self.spec.rows for panel in row.panels if panel.objective]


def resolve(spec: DashboardSpec, context: Resolving) -> Dashboard:
    """Return the dashboard."""
    found = {f.name: f for f in (*own(), *(f for metrics in context.all(Metrics) for f in metrics.families))}
    return Dashboard(**context.base, spec=spec, families=found)


KIND = Kind("Dashboard", DashboardSpec, Dashboard, resolve)
