"""A metric is declared twice.

Two declarations of one name sooner or later disagree about its type or labels, and expressions are checked against only
one of them. The runtime's own metrics are declared in its code.

Fix: remove one of the two.

Bad: `up`, or `apm_runs_total`, in a `Metrics` spec.

Good: each metric of an exporter in one `Metrics` spec, and none of the runtime's.
"""

from collections.abc import Iterable

from generator.kinds.metrics import own
from generator.model import Catalogue, Check, Declared
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the second declaration, and point to the first."""
    ours = {family.name for family in own()}
    first: dict[str, Declared] = {}
    for spec in catalogue.all("Metrics"):
        for name in spec.spec.metrics:
            loc = ("spec", "metrics", name)
            before = first.setdefault(name, spec)
            if name in ours:
                yield spec.problem(
                    loc, "duplicate-metric", f"{name} is exported and declared by the runtime", "remove it", key=True
                )
            elif before is not spec:
                related = ((before.document.key_at(loc), "the first one"),)
                yield spec.problem(loc, "duplicate-metric", f"{name} is declared already", "remove one of the two",
                                   key=True, related=related)  # fmt: skip


CHECK = Check("duplicate-metric", run, each_environment=True)
