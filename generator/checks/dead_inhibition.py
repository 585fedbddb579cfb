"""An inhibition can never silence anything.

It needs one alert that its source means and one that its target means. If `equal` holds `alertname`, both have to be
the same alert at two severities, which only an alert with `critical:` or an Objective has.

Fix: name alerts or severities that exist, take `alertname` out of `equal`, or give an alert a second threshold.

Bad: critical silences warning with `equal: [alertname]`, where each alert has one severity.

Good: the same, and an alert `ratio: {..., above: 10%}` with `critical: {above: 50%}`.
"""

from collections.abc import Iterable
from itertools import product

from generator.kinds.notifications import Inhibition, picks
from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import alerts_complete, declared_alerts
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each inhibition for which no pair of alerts exists."""
    if not alerts_complete(catalogue):
        return
    found = [(name, severity) for _, (name, severity, _) in declared_alerts(catalogue)]
    for spec in catalogue.all("Notifications"):
        for index, inhibition in enumerate(spec.spec.inhibitions):
            if not any(_pair(inhibition, a, b) for a, b in product(found, found)):
                message = "this can never silence anything: no two alerts fit"
                yield spec.problem(("spec", "inhibitions", index), "dead-inhibition", message)


def _pair(inhibition: Inhibition, source: tuple[str, str], target: tuple[str, str]) -> bool:
    if source == target or not picks(inhibition.source, source[0], source[1:]):
        return False
    same = all(source[i] == target[i] for i, label in enumerate(("alertname", "severity")) if label in inhibition.equal)
    return same and picks(inhibition.target, target[0], target[1:])


CHECK = Check("dead-inhibition", run, each_environment=True)
