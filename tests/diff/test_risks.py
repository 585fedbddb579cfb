"""Every risk has files here: `risks/<risk>/fires-*.yaml` are marked as written there, `silent-*.yaml` not at all."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.diff.run import RISKS
from tests.diff.trees import between

HERE = Path(__file__).parent / "risks"
CASES = sorted(HERE.glob("*/*.yaml"))


def _name(case: Path) -> str:
    return f"{case.parent.name}/{case.stem}"


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("word", ["fires", "silent"])
def test_risk_has_a_case_that_fires_and_one_that_stays_silent(risk: str, word: str) -> None:
    assert [case for case in CASES if case.parent.name == risk and case.stem.startswith(f"{word}-")]


def test_folders_are_named_after_risks() -> None:
    assert {case.parent.name for case in CASES} == set(RISKS)


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_case(case: Path) -> None:
    written: dict[str, Any] = yaml.safe_load(case.read_text(encoding="utf-8"))
    diff = between(written["before"], written["after"], ours=written.get("ours", True), moved=written.get("moved"))
    assert diff.changes, "nothing differs: the case shows nothing"
    found = sorted(mark.message for _, mark in diff.marks() if mark.risk == case.parent.name)
    assert found == written["finds"]
    assert bool(found) == case.stem.startswith("fires-")


@pytest.mark.parametrize("risk", RISKS)
def test_the_page_of_a_risk_says_what_is_marked_and_what_is_not(risk: str) -> None:
    page = inspect.getmodule(RISKS[risk].run).__doc__ or ""
    assert "\nMarked: " in page
    assert "\nNot marked: " in page


@pytest.mark.parametrize("risk", RISKS)
def test_the_handbook_names_every_risk(risk: str) -> None:
    assert f"`{risk}`" in Path("docs/gitops.md").read_text(encoding="utf-8")
