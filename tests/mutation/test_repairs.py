"""What `apm validate --fix` writes is what was meant: slips of all sorts in the reference specs are undone exactly."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.compose import documents
from generator.editor.shapes import at, choices
from generator.fixing import offered, repaired
from generator.model import Declared, Loc
from generator.pipeline import KINDS
from generator.references import is_key, references
from tests.mutation import surgery
from tests.mutation.parts import parts
from tests.mutation.repository import Repository
from tests.mutation.test_mutants import ROOT

REFERENCE = Repository.read(ROOT)
ROUNDS = 10


@dataclass(frozen=True)
class Spot:
    """One part of a spec, with what may go wrong there."""

    sort: str
    """`key`, `name`, `named-key`, `choice` or `quotes`."""
    file: str
    index: int
    loc: Loc
    text: str
    """The name, or the text between the quotes."""


def _spots(spec: Declared) -> Iterator[Spot]:
    file, index = spec.document.file, REFERENCE.index(spec.document)
    for reference in references(spec):
        sort = "named-key" if is_key(reference) else "name"
        yield Spot(sort, file, index, reference.loc, reference.name)
    for part in parts(spec):
        if part.declared and isinstance(part.loc[-1], str):
            yield Spot("key", file, index, part.loc, part.loc[-1])
        if not isinstance(part.raw, str) or not part.raw:
            continue
        if part.raw in choices(at(spec.document.value, part.loc, KINDS)):
            yield Spot("choice", file, index, part.loc, part.raw)
        if spec.document.written(part.loc, False)[:1] in ("'", '"') and _needs_quotes(part.raw):
            yield Spot("quotes", file, index, part.loc, part.raw)


def _needs_quotes(text: str) -> bool:
    """Return whether a text is read as a number or a truth value without its quotes."""
    try:
        return isinstance(yaml.safe_load(text), int | float)
    except yaml.YAMLError:
        return False


SORTS: tuple[str, ...] = ("key", "name", "named-key", "choice", "quotes")
FOUND = [spot for spec in REFERENCE.specs for spot in _spots(spec)]
SPOTS = {sort: [spot for spot in FOUND if spot.sort == sort] for sort in SORTS}


def _slip(word: str, kind: str, where: int) -> str:
    """Return a word with one character doubled, lost, changed, or swapped with the next."""
    at = where % len(word)
    match kind:
        case "doubled":
            return word[: at + 1] + word[at:]
        case "lost":
            return word[:at] + word[at + 1 :]
        case "changed":
            return word[:at] + ("x" if word[at] != "x" else "y") + word[at + 1 :]
        case _:
            return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]


def _broken(spot: Spot, slip: str, where: int) -> str | None:
    """Return the file of a spot with the slip; None where it can't be written there."""
    text = REFERENCE.text(spot.file)
    word = _slip(spot.text, slip, where)
    try:
        if spot.sort == "quotes":
            return surgery.replaced(text, spot.index, spot.loc, spot.text)
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", word):
            return None
        if spot.sort in ("name", "choice"):
            return surgery.replaced(text, spot.index, spot.loc, word)
        return surgery.renamed(text, spot.index, spot.loc, word)
    except surgery.Unfit:
        return None


def _fixed(file: str, text: str) -> tuple[dict[str, str], bool]:
    """Return the files that were repaired as `--fix` does it, and whether errors are left."""
    texts = {file: text}
    for _ in range(ROUNDS):
        problems = REFERENCE.problems_with(texts)
        made = 0
        for name in dict.fromkeys(fix.place.file for fix in offered(problems)):
            mine = [fix for fix in offered(problems) if fix.place.file == name]
            texts[name], done = repaired(texts.get(name, REFERENCE.text(name)), mine)
            made += len(done)
        if not made:
            return texts, any(problem.severity == "error" for problem in problems)
    raise AssertionError("repairs go on and on")


def _values(file: str, text: str) -> list[Any]:
    return [document.value for document in documents(file, text, [])]


def _comments(text: str) -> list[str]:
    return re.findall(r"(?:^|\s)#.*$", text, re.MULTILINE)


# How many slips of each sort are tried; with a number of your own, other ones each time.
EXAMPLES = int(os.environ.get("REPAIRS", "15"))
REPAIRED: dict[str, int] = dict.fromkeys(SORTS, 0)


@pytest.mark.parametrize("sort", SPOTS)
def test_a_slip_is_undone_exactly_or_left_to_a_person(sort: str) -> None:
    REPAIRED[sort] = 0

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 15)
    @given(st.sampled_from(SPOTS[sort]), st.sampled_from(["doubled", "lost", "changed", "swapped"]), st.integers(0, 60))
    def holds(spot: Spot, slip: str, where: int) -> None:
        broken = _broken(spot, slip, where)
        if broken is None or broken == REFERENCE.text(spot.file):
            return
        texts, left = _fixed(spot.file, broken)
        changed = {name: text for name, text in texts.items() if text != (broken if name == spot.file else "")}
        if not changed or left:
            assert set(changed) <= {spot.file}, "nothing is written into other files"
            return
        REPAIRED[sort] += 1
        assert set(changed) == {spot.file}, "only where the slip is"
        original, text = REFERENCE.text(spot.file), texts[spot.file]
        assert _values(spot.file, text) == _values(spot.file, original)
        assert _comments(text) == _comments(original)
        assert _fixed(spot.file, text) == ({spot.file: text}, False), "a second run changes nothing"

    holds()
    assert REPAIRED[sort] >= EXAMPLES // 5, "slips are undone"
