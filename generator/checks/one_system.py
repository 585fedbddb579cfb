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
    found = [spec for spec in catalogue.specs if spec.kind == "System"]
    if not catalogue.names("System") and any(spec.document.file.startswith("specs/") for spec in catalogue.specs):
        yield Problem(Place(conventions.SPECS), "one-system", "there is no System", "add a spec of kind System")
    for other in found[1:]:
        if other.name != found[0].name:  # two of one name are told of as such
            related = ((found[0].document.at(("metadata", "name")), "the first one"),)
            message = f'there is a System "{found[0].name}" already'
            yield other.problem(("metadata", "name"), "one-system", message, "keep one of the two", related=related)


CHECK = Check("one-system", run)
