"""The mistakes that hand-written manifests had, none forgotten: `classes.yaml` says what import calls each of them.

A row is shown by as few files as it takes: the one with the mistake, and those `with` it that make it one. What these
systems got wrong in programs, workflows and state is in tests/conformance/test_classes.py.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.codes.importing import PAGES
from generator.importing.reading import read
from generator.importing.run import Imported, defects_of
from tests.importing.conftest import OLD

CLASSES = (
    *(f"K{number}" for number in range(1, 19)),
    *(f"M{number}" for number in range(1, 29)),
    *(f"N{number}" for number in range(1, 10)),
    *(f"G{number}" for number in range(1, 9)),
    *(f"B{number}" for number in range(1, 16)),
    *(f"P{number}" for number in range(1, 11)),
    *("DB10", "R5"),
    *(f"X{number}" for number in range(1, 11)),
)
NOT_IN_OLD = {
    "kind-unreadable": "a cluster has it, and no file",
    "template-file": "test_reading.py",
}
"""Codes that none of the old files shows, and where they are shown."""
ROWS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "classes.yaml").read_text())
SEEN = [(name, row) for name, found in ROWS.items() for row in found.get("seen", ())]
RIGHT = [(name, row) for name, row in SEEN if "right" in row]
SHARED = [(name, row) for name, row in SEEN if "with" in row]


def test_every_class_is_seen_or_can_not_be() -> None:
    assert sorted(ROWS) == sorted(CLASSES)
    assert [name for name, row in ROWS.items() if ("seen" in row) == ("unseen" in row) or not row["what"]] == []


@pytest.mark.parametrize(("name", "row"), SEEN, ids=[f"{name}-{row['code']}" for name, row in SEEN])
def test_a_class_is_named_at_its_line(name: str, row: dict[str, Any]) -> None:
    assert _named([OLD / file for file in _files(row)], row), name


@pytest.mark.parametrize(("name", "row"), SHARED, ids=[f"{name}-{row['code']}" for name, row in SHARED])
def test_a_class_takes_the_files_that_it_is_shown_with(name: str, row: dict[str, Any]) -> None:
    """One file fewer, and there is no such mistake: with what it is shown is what makes it one."""
    for file in row["with"]:
        assert not _named([OLD / f for f in _files(row) if f != file], row), (name, file)


@pytest.mark.parametrize(("name", "row"), RIGHT, ids=[f"{name}-{row['code']}" for name, row in RIGHT])
def test_what_is_right_is_not_named(name: str, row: dict[str, Any], tmp_path: Path) -> None:
    old, new = row["right"]
    files = [tmp_path / file for file in _files(row)]
    for file, copy in zip(_files(row), files, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(OLD / file, copy)
    wrong = tmp_path / row["file"]
    before = _named(files, row, tmp_path)
    assert wrong.read_text().count(old) == 1, name
    wrong.write_text(wrong.read_text().replace(old, new))
    assert before
    assert not before & _lines(files, row, tmp_path), name


def test_every_code_is_shown_by_one_of_the_old_files(old: Imported) -> None:
    shown = {p.code for p in (*old.defects, *old.found.unread)}
    assert PAGES.keys() - shown == NOT_IN_OLD.keys()


def _files(row: dict[str, Any]) -> list[str]:
    return sorted((row["file"], *row.get("with", ())))


def _named(files: list[Path], row: dict[str, Any], root: Path = OLD) -> set[int]:
    """Return the lines at which import, of these files alone, gives the code of a row for its text.

    What is longer than a line is at its first one, so the text may be in the one after it.
    """
    text = [*(root / row["file"]).read_text().splitlines(keepends=True), ""]
    return {line for line in _lines(files, row, root) if row["line"] in text[line - 1] + text[line]}


def _lines(files: list[Path], row: dict[str, Any], root: Path) -> set[int]:
    """Return all lines of the row's file at which import gives its code."""
    found = read(files, root)
    problems = [p for p in (*defects_of(found), *found.unread) if p.code == row["code"]]
    return {p.place.line for p in problems if p.place.file == row["file"]}
