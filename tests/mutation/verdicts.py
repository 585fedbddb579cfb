"""Whether a mistake is refused, and whether the finding is where the mistake is."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import yaml

from generator.model import Loc
from generator.places import compose
from generator.problems import Place, Problem, Rejected, path_text
from tests.mutation import evidence
from tests.mutation.harmless import holds, reason
from tests.mutation.operators import Mutant
from tests.mutation.repository import Repository

Outcome = Literal["refused", "elsewhere", "harmless", "missed", "crashed"]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    outcome: Outcome
    """`elsewhere` is refused by findings that neither stand where the mistake is nor name it."""
    problems: tuple[Problem, ...] = ()
    why: str = ""
    """Why it does no harm, or how the validator failed."""
    shown: str = ""
    """What shows that."""

    def __str__(self) -> str:
        """Return a line for people."""
        mutant = self.mutant
        found = "; ".join(f"{problem.place}: {problem.code}" for problem in self.problems)
        where = f"{mutant.spec.document.file} {mutant.shape} ({path_text(mutant.loc)})"
        return f"{self.outcome}: {mutant.operator} in {where}: {mutant.change}" + (f" [{found}]" if found else "")


def judge(repository: Repository, mutant: Mutant, *, thorough: bool = False) -> Verdict:
    """Validate the specs with one mistake, and what they render; `thorough` runs their tests too if that is harmless.

    A reason is an opinion: where it needs evidence that is not there, the mutant is missed.
    """
    why = reason(mutant.operator, mutant.shape)
    try:
        built = repository.built(mutant.spec.document.file, mutant.text)
    except Rejected as rejected:
        errors = tuple(problem for problem in rejected.problems if problem.severity == "error")
        placed = any(_about(problem, mutant) for problem in errors)
        return Verdict(mutant, "refused" if placed else "elsewhere", errors)
    except Exception as error:  # noqa: BLE001  (a defect of the validator, which the page names)
        return Verdict(mutant, "crashed", why=f"{type(error).__name__}: {error}")
    shown = evidence.of_rendered(repository, mutant, built)
    if thorough and mutant.spec.kind in ("Workflow", "WorkflowTest") and evidence.is_told(mutant, built.specs):
        shown = evidence.TOLD
    return Verdict(mutant, "harmless" if holds(why, shown) else "missed", why=why, shown=shown)


def _about(problem: Problem, mutant: Mutant) -> bool:
    """Whether a finding, or a step of its witness, is on the lines of the mistake or around it, or names it."""
    first, last = _lines(mutant.text, mutant.index, mutant.loc)
    places = [problem.place, *(place for place, _ in problem.related)]
    if any(_within(place, mutant, first, last) for place in places):
        return True
    around = {path_text(mutant.loc[:length]) for length in range(3, len(mutant.loc))}
    told = " ".join([problem.message, problem.hint, problem.path, *(text for _, text in problem.related)])
    return problem.path in around or any(name and name in told for name in mutant.names)


def _within(place: Place, mutant: Mutant, first: int, last: int) -> bool:
    return place.file == mutant.spec.document.file and first <= place.line <= last


@lru_cache(maxsize=2)
def _roots(text: str) -> list[Any]:
    return compose(text)


def _lines(text: str, index: int, loc: Loc) -> tuple[int, int]:
    """Return the lines of a part with its key; those of the whole file where it can't be read any more."""
    try:
        node: Any = _roots(text)[index]
    except yaml.YAMLError:
        return 1, text.count("\n") + 1
    key = node
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pairs: list[Any] = node.value  # pyright: ignore[reportUnknownMemberType]
            key, node = next(((k, v) for k, v in pairs if k.value == part), (key, node))
        elif isinstance(part, int):
            key = node = node.value[part]
    return key.start_mark.line + 1, node.end_mark.line + 1
