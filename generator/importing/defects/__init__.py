"""What is wrong with manifests that others wrote, by topic: each module has `DEFECTS`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from generator.importing.manifests import Found
from generator.problems import Problem


@dataclass(frozen=True)
class Defects:
    """What is looked for in one field. `run` gets all that was read, since most defects are between files."""

    name: str
    run: Callable[[Found], Iterable[Problem]]
