"""Whether a mistake is refused, and whether the finding is where the mistake is."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import yaml

from generator.model import Loc
from generator.places import compose
from generator.problems import Place, Problem, path_text
from tests.mutation.harmless import reason
from tests.mutation.operators import Mutant
from tests.mutation.repository import Repository

Outcome = Literal["refused", "elsewhere", "harmless", "missed"]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    outcome: Outcome
    """`elsewhere` is refused by findings that neither stand where the mistake is nor name it."""
    problems: tuple[Problem, ...] = ()
    why: str = ""
    """Why it does no harm."""

    def __str__(self) -> str:
        """Return a line for people."""
        mutant = self.mutant
        found = "; ".join(f"{problem.place}: {problem.code}" for problem in self.problems)
        where = f"{mutant.spec.document.file} {mutant.shape} ({path_text(mutant.loc)})"
        return f"{self.outcome}: {mutant.operator} in {where}: {mutant.change}" + (f" [{found}]" if found else "")


def judge(repository: Repository, mutant: Mutant) -> Verdict:
    """Validate the specs with one mistake, and what they render if nothing was found."""
    file, why = mutant.spec.document.file, reason(mutant.operator, mutant.shape)
    for rendered in (False, True):
        found = repository.problems(file, mutant.text, rendered=rendered)
        errors = tuple(problem for problem in found if problem.severity == "error")
        if errors:
            placed = any(_about(problem, mutant) for problem in errors)
            return Verdict(mutant, "refused" if placed else "elsewhere", errors)
        if why:
            return Verdict(mutant, "harmless", why=why)
    return Verdict(mutant, "missed")


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
