"""The example of each pattern is valid, formatted, drawn, tested in every branch, and named in the docs."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.cli import app

ROOT = Path(__file__).parents[2]
PATTERNS = ROOT / "examples" / "patterns"
NAMES = sorted(path.stem for path in (PATTERNS / "specs" / "workflows").glob("*.yaml"))


def apm(*words: str) -> str:
    found = CliRunner().invoke(app, ["-C", str(PATTERNS), *words])
    assert found.exit_code == 0, found.output
    return found.output


def test_the_examples_are_valid_and_in_their_form() -> None:
    apm("validate")
    apm("fmt", "--check")


def test_every_branch_of_the_examples_is_taken_by_a_case() -> None:
    assert "0 failed" in apm("test", "--fail-under", "100")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_drawn(name: str) -> None:
    assert apm("graph", name, "--format", "svg").startswith("<svg")


def test_the_docs_name_every_example() -> None:
    text = (ROOT / "docs" / "patterns.md").read_text()
    assert sorted(re.findall(r"workflows/([-a-z]+)\.yaml", text)) == NAMES
