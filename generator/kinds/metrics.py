"""What an exporter outside this system offers: the metrics that alerts and dashboards may read besides our own.

The runtime's own metrics need no spec: they are declared in `runtime.telemetry`, from where it exports them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from generator.model import Kind, Resolving, Thing
from generator.rules.promql import Family
from runtime.contract import Many, Strict
from runtime.telemetry import CATALOGUE

Unit = Literal["", "seconds", "timestamp", "bytes", "cores", "ratio", "percent", "tokens", "info", "state"]


def _metric_name(text: str) -> str:
    if not text.replace("_", "a").replace(":", "a").isalnum() or not text.isascii() or text[0].isdigit():
        raise PydanticCustomError(
            "metric-name", "a metric's name has letters, digits, '_' and ':' and starts with no digit"
        )
    return text


class MetricSpec(Strict):
    """One metric of the exporter."""

    type: Literal["counter", "gauge", "histogram"]
    """How its values move: `counter` only up, `gauge` both ways, `histogram` in buckets."""
    unit: Unit = ""
    """Unit of its values; `timestamp` is seconds since 1970, `info` is always 1, `state` is a number with a meaning."""
    help: str
    """What it measures."""
    labels: dict[str, Many[str]] = Field(default_factory=dict[str, Many[str]])
    """Label names, each with all values that there can be; an empty list where they are open."""
    buckets: Many[float] = ()
    """Upper bounds of a histogram, without +Inf."""


class MetricsSpec(Strict):
    """The metrics of one exporter that this system reads."""

    target_labels: Many[str] = ("job", "instance")
    """Labels that the scrape adds to every series."""
    metrics: Annotated[dict[Annotated[str, AfterValidator(_metric_name)], MetricSpec], Field(min_length=1)]
    """Metrics by name. Only those that alerts and dashboards read need to be here."""


@dataclass(frozen=True)
class Metrics(Thing):
    """The metrics of an exporter, resolved."""

    families: tuple[Family, ...]


SCRAPED = ("job", "instance", "namespace", "pod", "service", "container", "endpoint", "component")
"""Labels that our ServiceMonitor adds to every series of the runtime."""


@lru_cache(maxsize=1)
def own() -> tuple[Family, ...]:
    """Return the metrics of the runtime, and those that Prometheus makes itself."""
    scraped: dict[str, tuple[str, ...]] = {**dict.fromkeys(SCRAPED, ()), "component": ("api", "worker", "scheduler")}
    ours = (
        Family(
            m.name, m.type, m.unit, {**scraped, **{label.name: label.values for label in m.labels}}, m.buckets, m.help
        )
        for m in CATALOGUE
    )
    return (*ours, Family("up", "gauge", "", scraped, (), "Whether the last scrape of a target worked: 1 or 0."))


def families(spec: MetricsSpec) -> tuple[Family, ...]:
    """Return what an exporter offers."""
    target = dict.fromkeys(spec.target_labels, ())
    return tuple(
        Family(name, m.type, m.unit, {**target, **m.labels}, m.buckets, m.help) for name, m in spec.metrics.items()
    )


def known(specs: Iterable[MetricsSpec]) -> Mapping[str, Family]:
    """Return every metric that expressions may read, by name."""
    return {f.name: f for f in (*own(), *(f for spec in specs for f in families(spec)))}


def resolve(spec: MetricsSpec, context: Resolving) -> Metrics:
    """Return the metrics."""
    return Metrics(**context.base, families=families(spec))


KIND = Kind("Metrics", MetricsSpec, Metrics, resolve)
