"""`apm init` makes a repository in any folder that has none, and says what comes next as one can type it."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import call


@pytest.mark.parametrize(
    ("folder", "name", "enter"),
    [("My_Agents", "my-agents", "cd My_Agents && "), ("a b", "a-b", "cd 'a b' && "), ("!", "agents", "cd '!' && ")],
)
def test_the_name_of_the_system_comes_from_the_folder(tmp_path: Path, folder: str, name: str, enter: str) -> None:
    made = call(tmp_path, "init", folder)
    assert (made.code, f"next: {enter}apm validate" in made.err) == (0, True), made.err
    system = (tmp_path / folder / "specs/system.yaml").read_text()
    assert re.search(r"^kind: System\nmetadata: {name: (\S+)}$", system, re.MULTILINE)[1] == name  # pyright: ignore[reportOptionalSubscript]
    assert call(tmp_path / folder, "validate").code == 0


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    refused = call(tmp_path, "init", ".")
    assert (refused.code, "README.md is there already; nothing was written" in refused.err) == (1, True), refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_the_folder_where_one_is_needs_no_entering(tmp_path: Path) -> None:
    assert "next: apm validate" in call(tmp_path, "init", ".").err
