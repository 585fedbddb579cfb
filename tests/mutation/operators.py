"""What can be written wrongly: each operator takes a spec and yields versions of it with one mistake each."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from generator.model import Catalogue, Declared, Loc
from generator.references import expressions, marked, references
from generator.workflows.flow import nodes
from runtime.contract import FileRef, Registered
from tests.mutation import surgery
from tests.mutation.parts import Part, parts
from tests.mutation.repository import Repository


@dataclass(frozen=True)
class Mutant:
    """One mistake."""

    operator: str
    spec: Declared = field(repr=False)
    loc: Loc
    """Part that is changed; of one that is taken away, what it stood in."""
    shape: str
    text: str = field(repr=False)
    """The file with the mistake."""
    names: frozenset[str]
    """What a finding may name instead of standing on the line."""
    change: str
    """What was changed into what, for people."""
    index: int
    """Which document of its file it is in."""
    swapped: bool = False
    """One text stands for another."""


@dataclass(frozen=True)
class Subject:
    """A spec, and what is around it."""

    spec: Declared
    text: str
    index: int
    catalogue: Catalogue

    def replace(self, operator: str, part: Part, new: Any) -> Iterator[Mutant]:
        """Yield the spec with another value at a part."""
        try:
            text = surgery.replaced(self.text, self.index, part.loc, surgery.written(new))
        except surgery.Unfit:
            return
        old = part.raw if isinstance(part.raw, str) else surgery.written(part.raw)
        names = frozenset([str(new), old, str(part.loc[-1])])
        swapped = isinstance(part.raw, str) and isinstance(new, str)
        yield Mutant(operator, self.spec, part.loc, part.shape, text, names, f"{old[:60]} -> {str(new)[:60]}",
                     self.index, swapped)  # fmt: skip

    def rename(self, operator: str, part: Part, new: str) -> Iterator[Mutant]:
        """Yield the spec with another key at a part."""
        old = str(part.loc[-1])
        text = surgery.renamed(self.text, self.index, part.loc, new)
        names = frozenset([old, new])
        yield Mutant(operator, self.spec, (*part.loc[:-1], new), part.shape, text, names, f"{old}: -> {new}:",
                     self.index, True)  # fmt: skip

    def remove(self, operator: str, part: Part) -> Iterator[Mutant]:
        """Yield the spec without a part."""
        old = str(part.loc[-1])
        text = surgery.removed(self.text, self.index, part.loc)
        raw: Any = part.raw
        names = frozenset([old, *(str(key) for key in (raw if isinstance(raw, dict) else ()))])  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        yield Mutant(operator, self.spec, part.loc[:-1], part.shape, text, names, f"{old} is gone", self.index)


Operator = Callable[[Subject, tuple[Part, ...]], Iterator[Mutant]]


def misspelt(name: str) -> str:
    """Return a name with a slip that leaves a name."""
    if name.endswith(" 0"):
        return f"{name}1"  # 00 would be the same number
    return f"{name}{name[-1]}" if name[-1:].isalnum() else f"{name}x"


# --- names ----------------------------------------------------------------------------------------------------------


def broken_reference(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """Something else is named: another spec, a file beside it, a function."""
    spec = subject.spec
    named = {reference.loc for reference in references(spec)}
    named |= {loc for kind in (FileRef, Registered) for loc, _, name in marked(spec, kind) if isinstance(name, str)}
    for part in found:
        if part.loc in named and isinstance(part.raw, str):
            yield from subject.replace("reference", part, misspelt(part.raw))
        elif part.loc in named:
            yield from subject.rename("reference", part, misspelt(str(part.loc[-1])))


def misspelt_key(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A key is misspelt: one of the language, or one that the author has chosen."""
    for part in found:
        if isinstance(part.loc[-1], str):
            operator = "key" if part.declared else "chosen-key"
            yield from subject.rename(operator, part, misspelt(part.loc[-1]))


def removed_field(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A required field is gone."""
    for part in found:
        if part.required:
            yield from subject.remove("required", part)


# --- values ---------------------------------------------------------------------------------------------------------


def other_type(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A value has another type."""
    for part in found:
        yield from subject.replace("type", part, _other(part.raw))


def _other(raw: Any) -> Any:
    match raw:
        case bool():
            return "perhaps"
        case int() | float():
            return "many"
        case str():
            return {"oops": 1}
        case _:
            return 7


def misspelt_value(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A text is misspelt, or a number is below all that makes sense."""
    computed = _computed(subject)
    for part in found:
        if isinstance(part.raw, str) and part.raw and part.loc not in computed:
            yield from subject.replace("value", part, misspelt(part.raw))
        elif isinstance(part.raw, int | float) and not isinstance(part.raw, bool):
            yield from subject.replace("value", part, -1 - abs(part.raw))


def _computed(subject: Subject) -> frozenset[Loc]:
    """Return where expressions and names stand, which have operators of their own."""
    spec = subject.spec
    found = {e.loc for e in expressions(spec, subject.catalogue.files) if e.file is None and e.language == "cel"}
    holed = {e.loc for e in expressions(spec, subject.catalogue.files) if e.file is None and re.search(_HOLE, e.text)}
    jumps = {jump.loc for node in _steps(spec) for jump in node.jumps}
    return frozenset(found | holed | jumps | {r.loc for r in references(spec)})


# --- steps ----------------------------------------------------------------------------------------------------------


def _steps(spec: Declared) -> tuple[Any, ...]:
    return tuple(nodes(spec)) if spec.kind == "Workflow" else ()


def broken_target(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A step goes on to one that is not there."""
    jumps = {jump.loc: jump.target for node in _steps(subject.spec) for jump in node.jumps}
    for part in found:
        if part.loc in jumps:
            yield from subject.replace("target", part, misspelt(str(part.raw)))


def other_target(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A step goes on to another one that is there: to itself, to the end."""
    for node in _steps(subject.spec):
        jumps = {jump.loc for jump in node.jumps}
        for part in found:
            if part.loc in jumps:
                for new in (node.step.id, "end"):
                    if new != part.raw:
                        yield from subject.replace("redirected", part, new)


_OF_STEPS = ("next", "when", "save")


def removed_from_step(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """A step has lost its `next`, its `when` or its `save`."""
    owners = {node.loc for node in _steps(subject.spec)}
    for part in found:
        if part.loc[:-1] in owners and part.loc[-1] in _OF_STEPS:
            yield from subject.remove(f"lost-{part.loc[-1]}", part)
        elif part.loc[:-2] in owners and part.loc[-2] == "save":
            yield from subject.remove("lost-save", part)


# --- expressions ----------------------------------------------------------------------------------------------------

_HOLE = r"\$\{|\{\{|\{%"
_PATH = re.compile(r"\b(?:input|state|output|steps|item|run)(?:\.[A-Za-z_][\w-]*)+")
_LITERAL = re.compile(r"'([^']+)'")


def broken_expression(subject: Subject, found: tuple[Part, ...]) -> Iterator[Mutant]:
    """An expression reads what is not there, compares with what can't be, or can't be read at all."""
    by_loc = {part.loc: part for part in found}
    for one in expressions(subject.spec, subject.catalogue.files):
        part = by_loc.get(one.loc)
        if part is None or one.file is not None or (one.language != "cel" and not re.search(_HOLE, one.text)):
            continue
        for operator, new in _disturbed(one.text, bare=one.language == "cel"):
            yield from subject.replace(operator, part, new)


def _disturbed(text: str, *, bare: bool) -> Iterator[tuple[str, str]]:
    for match in _PATH.finditer(text):
        yield "expression-field", text[: match.start()] + misspelt(match[0]) + text[match.end() :]
    for match in _LITERAL.finditer(text):
        if bare:
            yield "expression-value", f"{text[: match.start()]}'{misspelt(match[1])}'{text[match.end() :]}"
    if bare:
        yield "expression-syntax", f"{text} =="
        yield "expression-type", f"({text}) + 7"
    else:
        yield "expression-syntax", re.sub(_HOLE, lambda hole: f"{hole[0]} ) ", text, count=1)


OPERATORS: tuple[Operator, ...] = (
    broken_reference, misspelt_key, removed_field, other_type, misspelt_value, broken_target, other_target,
    removed_from_step, broken_expression,
)  # fmt: skip


def mutants(repository: Repository) -> Iterator[Mutant]:
    """Yield every version of a repository with one mistake."""
    catalogue = Catalogue(repository.specs, repository.loaded.files)
    for spec in repository.specs:
        subject = Subject(spec, repository.text(spec.document.file), repository.index(spec.document), catalogue)
        found = tuple(parts(spec))
        for operator in OPERATORS:
            yield from operator(subject, found)


def sample(found: Iterable[Mutant], each: int = 1) -> list[Mutant]:
    """Return so many mutants of each operator and shape."""
    chosen: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in found:
        same = chosen.setdefault((mutant.operator, mutant.shape), [])
        if len(same) < each:
            same.append(mutant)
    return [mutant for same in chosen.values() for mutant in same]
