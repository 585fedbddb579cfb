"""Every check has cases that fail and cases that pass: `checks/<code>/{fail,pass}*/`, laid over the base.

`pytest tests/conformance --rewrite` writes what is found now to the `expected.txt` of each failing case.
"""

from pathlib import Path

import pytest

from generator.pipeline import CHECKS
from tests.conformance.cases import EXPECTED, HERE, IDLE, problems, repository, text

CHECK_CASES = HERE / "checks"
FAILING = sorted(CHECK_CASES.glob("*/fail*"))
PASSING = sorted(CHECK_CASES.glob("*/pass*"))


def _name(case: Path) -> str:
    return case.relative_to(CHECK_CASES).as_posix()


@pytest.mark.parametrize("code", sorted(CHECKS))
@pytest.mark.parametrize("side", ["fail", "pass"])
def test_check_has_a_case(code: str, side: str) -> None:
    assert list((CHECK_CASES / code).glob(f"{side}*")), f"write tests/conformance/checks/{code}/{side}/specs/"


def test_folders_are_named_after_checks() -> None:
    assert {case.parent.name for case in (*FAILING, *PASSING)} <= CHECKS.keys()


def test_the_base_is_fine(tmp_path: Path) -> None:
    root = repository(tmp_path)
    assert text(root, problems(root)) == ""


@pytest.mark.parametrize("case", FAILING, ids=_name)
def test_failing_case(case: Path, tmp_path: Path, *, rewrite: bool) -> None:
    root = repository(tmp_path, case)
    found = problems(root, idle=case.parent.name == IDLE)
    printed = text(root, found)
    expected = case / EXPECTED
    if rewrite:
        expected.write_text(printed, encoding="utf-8")
    assert case.parent.name in {p.code for p in found}, printed
    assert {p.code for p in found} == {case.parent.name}, "each cause is told once"
    assert printed == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", PASSING, ids=_name)
def test_passing_case(case: Path, tmp_path: Path) -> None:
    root = repository(tmp_path, case)
    assert text(root, problems(root, idle=case.parent.name == IDLE)) == ""
