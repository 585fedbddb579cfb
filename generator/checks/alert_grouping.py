"""Alerts are grouped or silenced by a label that is nearly, but not quite, one that they have.

`groupBy` and `equal` name labels: `alertname`, `severity`, `owner`, `component` and those of the metrics. A label that
no alert has makes one group of everything, or lets one alert silence all others. Names that are unlike all known labels
are taken as labels of systems outside.

Fix: correct the name.

Bad: `groupBy: [alertnane]`. Good: `groupBy: [alertname]`.
"""

from collections.abc import Iterable, Iterator

from generator.kinds.metrics import known
from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, meant, nearest

CODE = "alert-grouping"
ALWAYS = frozenset(["alertname", "severity", "owner", "component", "namespace", "environment", "cluster"])


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each slip where it stands."""
    specs = catalogue.all("Notifications")
    families = known(one.spec for one in catalogue.all("Metrics")).values() if specs else ()
    labels = ALWAYS.union(*(family.labels for family in families))
    for spec in specs:
        for loc, label in _named(spec):
            best = None if label in labels else meant(label, labels)
            if best is not None:
                fix = spec.document.rename(loc, label, best)
                yield spec.problem(loc, CODE, f'no alert has a label "{label}"', nearest(label, labels), fix=fix)


def _named(spec: Declared) -> Iterator[tuple[Loc, str]]:
    yield from ((("spec", "timing", "groupBy", n), label) for n, label in enumerate(spec.spec.timing.group_by))
    for index, one in enumerate(spec.spec.inhibitions):
        yield from ((("spec", "inhibitions", index, "equal", n), label) for n, label in enumerate(one.equal))


CHECK = Check(CODE, run, each_environment=True)
