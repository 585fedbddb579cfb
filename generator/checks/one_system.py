"""A repository has exactly one System.

The System says whose specs these are, which environments are protected and which team answers for what has no owner of
its own. Without it nothing can be decided; with two of them, two answers would be right.

Fix: add a spec of kind System, or remove all but one.

    apiVersion: apm/v1
    kind: System
    metadata: {name: shop}
    spec: {title: Shop, defaultOwner: operations}
"""

from collections.abc import Iterable

from generator import conventions
from generator.model import Catalogue, Check
from generator.problems import Place, Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report that there is none, or each one after the first."""
    first, *more = [*(s for s in catalogue.specs if s.kind == "System"), None]
    if first is None and not catalogue.names("System") and catalogue.specs:
        yield Problem(Place(conventions.SPECS), "one-system", "there is no System", "add a spec of kind System")
    for other in more:
        if other is not None and first is not None and other.name != first.name:
            related = ((first.document.at(("metadata", "name")), "the first one"),)
            message = f'there is a System "{first.name}" already'
            yield other.problem(("metadata", "name"), "one-system", message, "keep one of the two", related=related)


CHECK = Check("one-system", run)
