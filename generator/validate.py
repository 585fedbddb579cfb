"""declared specs -> problems between them: runs every check."""

from collections.abc import Iterable, Mapping

from generator.model import Catalogue, Check
from generator.problems import Problem


def validate(written: Catalogue, environments: Iterable[Catalogue], checks: Mapping[str, Check]) -> list[Problem]:
    """Return what the checks find in the specs as written, and in each environment's view of them.

    Without an environment that can be read, the specs as written stand for it: nothing goes unchecked.
    """
    found: set[Problem] = set()
    views = tuple(environments) or (written,)
    for check in checks.values():
        if check.each_environment:
            for view in views:
                found.update(check.run(view))
        else:
            found.update(check.run(written))
    for catalogue in (written, *views):
        catalogue.forget()
    return sorted(found)
