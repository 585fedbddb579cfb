"""A spec names another one that does not exist.

Every name in a field that refers to another spec (an agent's model, a step's agent, an owner) has to be the
`metadata.name` of a spec of that kind somewhere below `specs/`. Names are compared exactly.

Fix: correct the name (the nearest one is suggested) or add the missing spec.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, meant, nearest
from generator.references import is_key, references


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each dead name once for each place where it stands."""
    for spec in catalogue.specs:
        for reference in references(spec):
            if not catalogue.knows(reference.kind, reference.name):
                names = catalogue.names(reference.kind)
                best = meant(reference.name, names)
                key = is_key(reference)
                yield spec.problem(
                    reference.loc,
                    "dead-reference",
                    f'unknown {reference.kind} "{reference.name}"',
                    nearest(reference.name, names) or f"there is no {reference.kind} yet",
                    key=key,
                    fix=spec.document.rename(reference.loc, reference.name, best, key=key),
                )


CHECK = Check("dead-reference", run, each_environment=True)
