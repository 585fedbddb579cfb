"""A report has no Prometheus to ask.

Reports are made inside the cluster, where the environment's address of Prometheus for people may not be reachable. The
network rules of a report let it through to Prometheus's pods (`monitoring.namespace` and `monitoring.prometheusLabels`)
at the port of this address.

Fix: write `prometheusUrl` below `monitoring` of the Environment.

Bad: a Report in an environment without it.

Good: `monitoring: {prometheusUrl: "https://prometheus-operated.monitoring.svc:9090"}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each report of an environment that says no address."""
    environment = catalogue.find("Environment", catalogue.environment or "")
    if environment is None or not environment.spec.deployed or environment.spec.monitoring.prometheus_url:
        return
    for report in catalogue.all("Report"):
        message = f"{environment.name} does not say where its Prometheus is"
        related = ((environment.document.at(("metadata", "name")), "the environment"),)
        hint = "add `monitoring.prometheusUrl` to it"
        yield report.problem(("spec", "queries"), "report-source", message, hint, key=True, related=related)


CHECK = Check("report-source", run, each_environment=True)
