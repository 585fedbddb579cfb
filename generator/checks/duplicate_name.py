"""Two specs of one kind have the same name.

A name stands for one spec of its kind; the second would silently take the first one's place.

Fix: rename or remove one of the two.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the second of two specs, and point to the first."""
    first: dict[tuple[str, str], Declared] = {}
    for spec in catalogue.specs:
        before = first.setdefault((spec.kind, spec.name), spec)
        if before is not spec:
            loc = ("metadata", "name")
            yield spec.problem(
                loc,
                "duplicate-name",
                f'the name "{spec.name}" of this {spec.kind} is taken',
                "rename one of the two",
                related=((before.document.at(loc), "the first one"),),
            )


CHECK = Check("duplicate-name", run)
