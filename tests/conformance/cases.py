"""Small repositories to try rules on: the base beside this file, with the files of one case laid over it."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from generator import pipeline
from generator.problems import Problem, Rejected, as_text

HERE = Path(__file__).parent
BASE = HERE / "base"
WITHOUT = "without.txt"
"""In a case: names of files of the base that it goes without, one a line."""
EXPECTED = "expected.txt"
IDLE = "unused-spec"
"""Cases are parts of a system: that nothing uses what they declare says nothing. Its own cases look at all of it."""


def repository(root: Path, case: Path | None = None, without: Iterable[str] = ()) -> Path:
    """Return a repository that holds the base and, if there is a case, its files."""
    shutil.copytree(BASE, root / "specs", dirs_exist_ok=True)
    dropped = [*without]
    if case and (case / WITHOUT).exists():
        dropped += (case / WITHOUT).read_text().split()
    for name in dropped:
        (root / "specs" / name).unlink()
    if case:
        ignore = shutil.ignore_patterns(EXPECTED, WITHOUT)
        shutil.copytree(case, root, dirs_exist_ok=True, ignore=ignore)
    return root


def problems(root: Path, *, idle: bool = False) -> tuple[Problem, ...]:
    """Return everything that is found in the specs of a repository, warnings too; what nothing uses with `idle`."""
    try:
        found = tuple(sorted(pipeline.check(root).problems))
    except Rejected as rejected:
        found = rejected.problems
    return tuple(problem for problem in found if idle or problem.code != IDLE)


def built_problems(root: Path) -> tuple[Problem, ...]:
    """Return everything that is found in the specs of a repository and in what they render."""
    try:
        found = tuple(sorted(pipeline.build_all(root).warnings))
    except Rejected as rejected:
        found = rejected.problems
    return tuple(problem for problem in found if problem.code != IDLE)


def text(root: Path, found: Iterable[Problem]) -> str:
    """Return findings as `apm validate` prints them."""
    listed = list(found)
    files = {p.place.file for p in listed}
    sources = {f: (root / f).read_text(encoding="utf-8-sig") for f in files if (root / f).is_file()}
    return as_text(listed, sources, color=False)
