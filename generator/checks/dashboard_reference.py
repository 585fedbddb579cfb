"""A dashboard names an alert or a variable that there is not.

A panel with `alert:` shows the value and the thresholds of an alert of this repository. A `$name` in an expression is a
variable of the same dashboard; without one Grafana sends the text as it is, and the panel stays empty.

Fix: correct the name (the nearest one is suggested), or declare the variable under `variables`.

Bad: `alert: QueueBacklg`, and `promql: apm_queue_depth{queue="$queue"}` without a variable `queue`.

Good: `alert: QueueBacklog`, and `variables: [{name: queue, metric: apm_queue_depth, label: queue}]`.
"""

from collections.abc import Iterable

from generator.kinds.dashboard import DashboardSpec
from generator.model import Catalogue, Check, Declared
from generator.monitoring.metric_uses import Use, alert_names, alerts_complete, families, uses
from generator.problems import Problem, nearest
from generator.rules.promql import PromQLError, names, selector

CODE = "dashboard-reference"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report names in dashboards that mean nothing."""
    alerts = alert_names(catalogue)
    for spec in catalogue.all("Dashboard"):
        dashboard: DashboardSpec = spec.spec
        for i, row in enumerate(dashboard.rows):
            for j, panel in enumerate(row.panels):
                if panel.alert and panel.alert not in alerts and alerts_complete(catalogue):
                    loc = ("spec", "rows", i, "panels", j, "alert")
                    yield spec.problem(loc, CODE, f'there is no alert "{panel.alert}"', nearest(panel.alert, alerts))
        yield from _variables(spec, catalogue)
    for use in uses(catalogue):
        yield from _unknown(use)


def _variables(spec: Declared, catalogue: Catalogue) -> Iterable[Problem]:
    known = families(catalogue)
    for index, variable in enumerate(spec.spec.variables):
        try:
            family = known.get(selector(variable.metric).metric)
        except PromQLError:
            family = None
        if family and variable.label not in family.labels:
            message = f'{family.name} has no label "{variable.label}"'
            hint = nearest(variable.label, family.labels)
            yield spec.problem(("spec", "variables", index, "label"), CODE, message, hint)


def _unknown(use: Use) -> Iterable[Problem]:
    known = [v.name for v in use.spec.spec.variables] if use.spec.kind == "Dashboard" else []
    for name in names(use.text):
        if name not in known:
            where = "this dashboard" if use.spec.kind == "Dashboard" else "this spec"
            hint = nearest(name, known) or "$namespace is the one that is always there"
            yield use.problem(f"${name}", CODE, f'{where} has no variable "{name}"', hint)


CHECK = Check(CODE, run, each_environment=True)
