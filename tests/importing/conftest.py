"""What the tests of importing share: files of the old system, lifted once."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from generator.importing.manifests import Found
from generator.importing.reading import parsed, read
from generator.importing.run import Imported, Wanted, imported
from generator.problems import Problem

HERE = Path(__file__).parent
OLD = HERE / "old"


def lift(*texts: str, out: Path, wanted: Wanted | None = None) -> Imported:
    """What comes of some texts, as if each stood in a file of its own."""
    problems: list[Problem] = []
    unread: list[Problem] = []
    found = [m for i, t in enumerate(texts) for m in parsed(f"{i}.yaml", t.encode(), problems, unread)]
    everything = Found(tuple(found), tuple(problems), tuple(f"{i}.yaml" for i in range(len(texts))), tuple(unread))
    return imported(everything, wanted or Wanted(out))


def lift_files(paths: Iterable[Path], out: Path) -> Imported:
    """What comes of some files."""
    return imported(read(paths, HERE), Wanted(out))


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """What comes of everything that the old system had."""
    return lift_files([OLD], tmp_path_factory.mktemp("old") / "valeo")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A repository that is not there yet."""
    return tmp_path / "agents"
