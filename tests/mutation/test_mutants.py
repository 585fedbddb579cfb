"""A harmful mistake in a spec is refused: one of each sort at each field, in the examples of all kinds.

`make mutants` does the same with all mistakes in all reference specs, and writes docs/mutants.md.
"""

import shutil
from pathlib import Path

import pytest

from generator.pipeline import KINDS
from tests.conformance.cases import HERE, repository
from tests.mutation.operators import Mutant, mutants, sample
from tests.mutation.repository import Repository
from tests.mutation.surgery import removed, renamed, replaced
from tests.mutation.verdicts import judge

ROOT = Path(__file__).parents[2]
SHARE = 12
"""Of the sample of the reference specs, one in so many is judged here."""


def example(kind: str, root: Path) -> Repository:
    """Return the base with the good example of a kind."""
    folder = HERE / "kinds" / kind
    repository(root, without=("system.yaml",) if kind == "System" else ())
    for companion in (one for one in folder.iterdir() if one.is_dir()):
        shutil.copytree(companion, root / "specs/example" / companion.name)
    (root / "specs/example").mkdir(exist_ok=True)
    shutil.copy(min(folder.glob("good*.yaml")), root / "specs/example/example.yaml")
    return Repository.read(root)


def _missed(repository: Repository, chosen: list[Mutant]) -> list[str]:
    verdicts = [judge(repository, mutant) for mutant in chosen]
    return [str(verdict) for verdict in verdicts if verdict.outcome == "missed"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_mistakes_in_an_example_are_refused(kind: str, tmp_path: Path) -> None:
    found = example(kind, tmp_path)
    assert not [problem for problem in found.problems() if problem.severity == "error"]
    inside = [mutant for mutant in mutants(found) if mutant.spec.document.file.startswith("specs/example/")]
    assert inside
    assert _missed(found, sample(inside)) == []


def test_mistakes_in_the_reference_specs_are_refused() -> None:
    reference = Repository.read(ROOT)
    assert not [problem for problem in reference.problems() if problem.severity == "error"]
    assert _missed(reference, sample(mutants(reference))[::SHARE]) == []


TEXT = """\
# spec
a: {one: 1, two: [x, "y"]}
b:
  - id: first   # comment
    text: >
      folded
      text
    last: true
c: {only: 1}
"""


def test_one_part_of_a_text_is_changed_and_nothing_else() -> None:
    assert replaced(TEXT, 0, ("a", "two", 1), "7") == TEXT.replace('"y"', "7")
    assert replaced(TEXT, 0, ("b", 0, "text"), "7") == TEXT.replace(">\n      folded\n      text", "7")
    assert renamed(TEXT, 0, ("b", 0, "id"), "idd") == TEXT.replace("- id:", "- idd:")
    assert removed(TEXT, 0, ("a", "one")) == TEXT.replace("one: 1, ", "")
    assert removed(TEXT, 0, ("c", "only")) == TEXT.replace("{only: 1}", "{}")
    assert removed(TEXT, 0, ("b", 0, "id")) == TEXT.replace("id: first   # comment\n    ", "")
    assert removed(TEXT, 0, ("b", 0, "last")) == TEXT.replace("    last: true\n", "\n")
