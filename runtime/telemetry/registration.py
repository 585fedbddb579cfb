"""Export the catalogue with prometheus_client, and nothing that is not in it."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from runtime.telemetry.catalogue import CATALOGUE
from runtime.telemetry.model import Metric


class Telemetry:
    """The catalogue, registered in a registry of its own: two of them never get in each other's way."""

    def __init__(self) -> None:
        import prometheus_client as client

        # Otherwise every counter and histogram brings a second series with the time of its creation.
        client.disable_created_metrics()
        self._registry = client.CollectorRegistry()
        kinds: Mapping[str, Any] = {"counter": client.Counter, "gauge": client.Gauge, "histogram": client.Histogram}
        self._families = {metric.name: self._register(kinds[metric.type], metric) for metric in CATALOGUE}

    def _register(self, kind: Any, metric: Metric) -> Any:
        more = {"buckets": metric.buckets} if metric.buckets else {}
        names = [label.name for label in metric.labels]
        family = kind(metric.name, metric.help, names, registry=self._registry, **more)
        if names and all(label.values for label in metric.labels):
            for values in product(*(label.values for label in metric.labels)):
                family.labels(*values)
        return family

    def start(self, metric: Metric, **bounded: str) -> None:
        """Export the series of these bounded label values from now on, with 0, for every closed label value."""
        choices = [label.values or (bounded[label.name],) for label in metric.labels]
        for values in product(*choices):
            self._families[metric.name].labels(*values)

    def add(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter or gauge."""
        self._child(metric, labels).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._child(metric, labels).set(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Record one observation of a histogram."""
        self._child(metric, labels).observe(value)

    def _child(self, metric: Metric, labels: Mapping[str, str]) -> Any:
        family = self._families[metric.name]
        for label in metric.labels:
            assert not label.values or labels[label.name] in label.values, (metric.name, label.name, labels)
        return family.labels(**labels) if labels else family

    def clear(self, metric: Metric) -> None:
        """Forget the series of a gauge that is about to be set anew."""
        self._families[metric.name].clear()

    def exposition(self) -> bytes:
        """Return the Prometheus text format."""
        import prometheus_client as client

        return client.generate_latest(self._registry)

    def value(self, name: str, **labels: str) -> float | None:
        """Return one sample, for tests and for the console."""
        return self._registry.get_sample_value(name, labels)
