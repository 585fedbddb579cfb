"""A repository has no Environment.

Specs are checked and rendered for an environment: without one, nothing would be.

Fix: add a spec of kind Environment. `deployed: false` is enough for running workflows on a laptop.

    apiVersion: apm/v1
    kind: Environment
    metadata: {name: local}
    spec: {namespace: shop, deployed: false}
"""

from collections.abc import Iterable

from generator import conventions
from generator.model import Catalogue, Check
from generator.problems import Place, Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report that there is none."""
    if not catalogue.names("Environment") and any(s.document.file.startswith("specs/") for s in catalogue.specs):
        message, hint = "there is no Environment", "add a spec of kind Environment"
        yield Problem(Place(conventions.SPECS), "no-environment", message, hint)


CHECK = Check("no-environment", run)
