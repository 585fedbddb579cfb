"""Each artifact against files here: `<artifact>/<case>/specs/` goes in, `<artifact>/<case>/rendered/` comes out.

Only the artifact that the folder is named after is rendered. `pytest tests/golden --rewrite` writes what comes out now
over the expected files; the difference is then read in `git diff`.
"""

import difflib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from generator.cluster import sharding
from generator.kinds.environment import Environment
from generator.model import Catalogue
from generator.pipeline import ARTIFACTS, KINDS, check
from generator.problems import Problem
from generator.render import files, render
from generator.resolve import resolve
from generator.verify import verify

HERE = Path(__file__).parent
CASES = sorted(specs.parent for specs in HERE.glob("*/*/specs"))
EXPECTED = "rendered"


def _name(case: Path) -> str:
    return case.relative_to(HERE).as_posix()


@pytest.mark.parametrize("artifact", sorted(ARTIFACTS))
def test_artifact_has_a_case(artifact: str) -> None:
    assert [case for case in CASES if case.parent.name == artifact], (
        f"no case for artifact {artifact}: write tests/golden/{artifact}/<case>/specs/, then run pytest --rewrite"
    )


def test_folders_are_named_after_artifacts() -> None:
    assert {case.parent.name for case in CASES} <= set(ARTIFACTS)


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_case(case: Path, *, rewrite: bool) -> None:
    found = _rendered(case)
    if rewrite:
        _write(case / EXPECTED, found)
    assert found, "nothing is rendered: the case shows nothing"
    difference = "".join(_difference(_read(case / EXPECTED), found))
    assert not difference, f"{_name(case)} differs (pytest tests/golden --rewrite -k '{_name(case)}'):\n{difference}"


def _rendered(case: Path) -> dict[str, str]:
    specs = check(case)
    found: dict[str, str] = {}
    for view in specs.views:
        found |= _rendered_for(view, case.parent.name)
    return found


def _rendered_for(view: Catalogue, artifact: str) -> Mapping[str, str]:
    project = resolve(view, KINDS)
    environment = project.get(Environment, project.environment_name)
    if not environment.spec.deployed:
        return {}
    rendered = render(project, {artifact: ARTIFACTS[artifact]}, environment.namespace)
    problems: list[Problem] = []
    verified = verify(rendered, view, environment.spec.cluster.version, problems)
    found = files(verified, environment.name, sharding.of(project).folder)
    assert not problems, "\n".join(f"{problem.place}: {problem.message}" for problem in problems)
    return {path: content.decode() for path, content in found.items()}


def _read(folder: Path) -> dict[str, str]:
    there = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in there}


def _write(folder: Path, found: Mapping[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _difference(expected: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*expected, *found}):
        before, after = expected.get(name, ""), found.get(name, "")
        lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
        yield from difflib.unified_diff(*lines, f"expected/{name}", f"rendered/{name}", n=2)
