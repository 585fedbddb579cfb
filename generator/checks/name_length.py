"""A name is too long for the objects that are named after it.

Kubernetes allows 63 characters for Services, Jobs and label values, and 52 for CronJobs, since Jobs are named after
them. What is rendered carries the name of its spec and a part that says what it is.

Fix: choose a shorter name. Nothing is cut off silently, because two long names could then become one.

Bad: a Backup called `nightly-backup-of-the-whole-replica-set-of-the-company`.

Good: `nightly`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem

LONGEST = {
    "Backup": 52 - len("-backup"),
    "Runtime": 63 - len("-scheduler"),
    "StateStore": 63 - len("-indexes-0123456789"),
}
"""Characters of a spec's name, by kind."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each name that is too long."""
    for kind, longest in LONGEST.items():
        for spec in catalogue.all(kind):
            if len(spec.name) > longest:
                message = f"the name of a {kind} has at most {longest} characters, this one has {len(spec.name)}"
                yield spec.problem(("metadata", "name"), "name-length", message, "choose a shorter one")


CHECK = Check("name-length", run)
