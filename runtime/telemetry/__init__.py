"""The metrics of the runtime: `CATALOGUE` declares them, `Telemetry` exports exactly those.

The generator checks alerts and dashboards against the catalogue; the runtime cannot export anything that is not in it.
`prometheus_client` is imported when a `Telemetry` is made.
"""

from runtime.telemetry.catalogue import CATALOGUE
from runtime.telemetry.model import Label, Metric
from runtime.telemetry.registration import Telemetry

__all__ = ["CATALOGUE", "Label", "Metric", "Telemetry"]
