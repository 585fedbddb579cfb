"""Each report against a file here; `pytest tests/diff --rewrite` writes what comes out now over it.

And a comment is never longer than a code host takes.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.diff.model import Diff
from generator.diff.reports.machine import as_json, as_sarif
from generator.diff.reports.markdown import GITHUB, MARKER, markdown
from generator.diff.reports.text import text
from generator.diff.run import RISKS
from tests.diff.trees import between

HERE = Path(__file__).parent / "reports"
REPORTS: dict[str, Callable[[Diff], str]] = {
    "text.txt": lambda diff: text(diff, color=False),
    "markdown.md": lambda diff: markdown(diff, "main"),
    "json.json": as_json,
    "sarif.json": lambda diff: as_sarif(diff, RISKS, "1.2.3"),
}


def scenario() -> Diff:
    """Return the diff of the scenario."""
    written: dict[str, Any] = yaml.safe_load((HERE / "scenario.yaml").read_text(encoding="utf-8"))
    return between(written["before"], written["after"])


@pytest.mark.parametrize("name", REPORTS)
def test_report(name: str, *, rewrite: bool) -> None:
    found = REPORTS[name](scenario())
    if rewrite:
        (HERE / name).write_text(found, encoding="utf-8")
    assert found == (HERE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_shows_a_credential(name: str) -> None:
    assert "ghp_0123456789" not in REPORTS[name](scenario())


def test_colours_are_only_colours() -> None:
    import re

    coloured = text(scenario(), color=True)
    assert "\033[" in coloured
    assert re.sub(r"\033\[\d+m", "", coloured) == text(scenario(), color=False)


def large(count: int, length: int) -> Diff:
    """Return a diff of so many objects, each with a field as long as that, and each deleted or changed."""

    def one(number: int, value: str) -> dict[str, Any]:
        meta = {"name": f"object-{number}", "namespace": "n"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"value": value}}

    before = [one(number, "é" * length) for number in range(count)]
    return between(before, [one(number, "ü" * length) for number in range(0, count, 2)])


@pytest.mark.parametrize(("count", "length"), [(1, 100_000), (3000, 10), (400, 2000)])
def test_a_comment_fits_and_says_what_was_cut(count: int, length: int) -> None:
    found = markdown(large(count, length), "main")
    assert len(found.encode()) <= GITHUB
    assert found.startswith(MARKER)
    assert "run `apm diff main` to see" in found
    assert found.count("<details>") == found.count("</details>")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(0, 3000), st.integers(200, 70_000))
def test_no_limit_is_exceeded(count: int, length: int, limit: int) -> None:
    assert len(markdown(large(count, length), "main", limit).encode()) <= limit


def test_the_risks_are_said_even_where_nothing_else_fits() -> None:
    found = markdown(large(2, 50_000), "main", 2000)
    assert "| **delete** | ConfigMap object-1 is deleted |" in found


def test_nothing_to_say_is_said() -> None:
    same = between([], [])
    assert text(same, color=False).endswith("nothing changes\n")
    assert "nothing changes" in markdown(same, "main")
