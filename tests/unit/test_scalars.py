"""A scalar that readers of YAML disagree about is told once, with how to write what is wanted where it stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from generator import pipeline
from generator.compose import documents
from generator.load import load
from generator.model import Document, Loaded, Loc
from generator.problems import Problem, Rejected
from tests.unit.conftest import Repository

AMBIGUOUS = "ambiguous-scalar"
HOLES = {
    "boolean": "kind: Tool\nmetadata: {name: one}\nspec: {effect: read, function: a, idempotent: @}",
    "duration": "kind: Tool\nmetadata: {name: one}\nspec: {effect: read, function: a, timeout: @}",
    "integer": "kind: Workflow\nmetadata: {name: one}\nspec: {limits: {maxSteps: @}, steps: []}",
    "number": "kind: Model\nmetadata: {name: one}\nspec: {provider: a, model: b, temperature: @}",
    "share": "kind: Workflow\nmetadata: {name: one}\nspec: {steps: [{id: a, forEach: {toleratedFailures: @}}]}",
    "name": "kind: Team\nmetadata: {name: @}\nspec: {}",
    "reference": "kind: Team\nmetadata: {name: one, owner: @}\nspec: {}",
    "text": "kind: Team\nmetadata: {name: one, description: @}\nspec: {}",
    "key": "kind: Team\nmetadata: {name: one, labels: {@: a}}\nspec: {}",
    "choice": "kind: Agent\nmetadata: {name: one}\nspec: {model: a, system: b, strategy: @}",
    "secret": "kind: Model\nmetadata: {name: one}\nspec: {provider: a, model: b, secret: @}",
    "money": "kind: Model\nmetadata: {name: one}\nspec: {provider: a, model: b, priceIn: @}",
    "list": "kind: Model\nmetadata: {name: one}\nspec: {provider: a, model: b, fallback: @}",
    "date": "kind: Maintenance\nmetadata: {name: one}\nspec: {lastDone: @}",
    "file": "kind: Maintenance\nmetadata: {name: one}\nspec: {instructions: @}",
    "expression": "kind: Workflow\nmetadata: {name: one}\nspec: {steps: [{id: a, when: @, set: {b: 1}}]}",
    "anything": "kind: Workflow\nmetadata: {name: one}\nspec: {steps: [{id: a, set: {b: @}}]}",
}
"""One spec for each scalar type of the language."""


@pytest.mark.parametrize(
    ("wanted", "value", "code", "hint", "fix"),
    [
        ("boolean", "yes", AMBIGUOUS, "write true", "true"),
        ("boolean", "Off", AMBIGUOUS, "write false", "false"),
        ("boolean", "012", AMBIGUOUS, "write true or false", None),
        ("integer", "1_000", AMBIGUOUS, "write 1000", "1000"),
        ("integer", "0x1F", AMBIGUOUS, "write 31", "31"),
        ("integer", "0o17", AMBIGUOUS, "write 15", "15"),
        ("integer", "1e3", AMBIGUOUS, "write 1000", "1000"),
        ("integer", "09", AMBIGUOUS, "write 9", "9"),
        ("integer", "012", AMBIGUOUS, "write 12, or 10 if it is octal", None),
        ("integer", "yes", AMBIGUOUS, "write a whole number", None),
        ("integer", "1.5e-1", AMBIGUOUS, "write a whole number", None),
        ("integer", ".inf", AMBIGUOUS, "write a whole number", None),
        ("integer", "1:30", AMBIGUOUS, "write a whole number", None),
        ("number", "5e-1", AMBIGUOUS, "write 0.5", "0.5"),
        ("number", "1e-9", AMBIGUOUS, "write a number", None),
        ("share", "09", AMBIGUOUS, "write 9", "9"),
        ("duration", "yes", "duration", "", None),
        ("duration", "030", "duration", "write its unit, such as 30s", None),
        ("duration", "1:30", "duration", "write 90s for minutes and seconds, or 90m for hours and minutes", None),
        ("name", "yes", AMBIGUOUS, 'quote it: "yes"', '"yes"'),
        ("name", "Yes", "name", 'write "yes"', None),
        ("reference", "on", AMBIGUOUS, 'quote it: "on"', '"on"'),
        ("text", "1e3", AMBIGUOUS, 'quote it: "1e3"', '"1e3"'),
        ("key", "no", AMBIGUOUS, 'quote it: "no"', '"no"'),
        ("key", "<<", AMBIGUOUS, "write the keys out: nothing is merged here", None),
        ("choice", "on", "not-allowed", "allowed: handoff, router, ", None),
        ("secret", "off", "secret-ref", "", None),
        ("money", "1_0", "money", "", None),
        ("list", "no", "wrong-type", 'write ["no"]', None),
        ("date", "2026-01-31", AMBIGUOUS, 'quote it: "2026-01-31"', '"2026-01-31"'),
        ("file", "n", AMBIGUOUS, 'quote it: "n"', '"n"'),
        ("expression", "yes", AMBIGUOUS, 'write "true"', None),
        ("expression", "1_000", AMBIGUOUS, 'write "1000"', None),
        ("expression", "=", AMBIGUOUS, "write an expression in quotes", None),
        ("anything", "yes", AMBIGUOUS, 'write true or "yes"', None),
        ("anything", "012", AMBIGUOUS, 'write 12 or "012"', None),
        ("anything", "2026-01-31", AMBIGUOUS, 'quote it: "2026-01-31"', '"2026-01-31"'),
    ],
)
def test_one_finding_says_what_is_wanted(
    repository: Repository, wanted: str, value: str, code: str, hint: str, fix: str | None
) -> None:
    text = f"apiVersion: apm/v1\n{HOLES[wanted]}\n"
    (found,) = _at(repository({"specs/x.yaml": text.replace("@", value)}), text, value)
    assert found.code == code
    assert found.hint.startswith(hint) if hint else not found.hint
    assert (found.fix.replacement if found.fix else None) == fix


def _at(root: Path, text: str, value: str) -> list[Problem]:
    """Return what is found at the hole of a text, or inside of what fills it."""
    line, column = text[: text.index("@")].count("\n") + 1, text.index("@") - text.rfind("\n", 0, text.index("@"))
    inside = range(column, column + len(value))
    return [p for p in pipeline.read(root).problems if p.place.line == line and p.place.column in inside]


OVERLAID = """\
apiVersion: apm/v1
kind: Environment
metadata: {name: here}
spec: {namespace: here, overlay: {Tool: {one: {idempotent: @}}}}
---
apiVersion: apm/v1
"""


def test_an_overlay_is_held_to_what_its_spec_wants(repository: Repository) -> None:
    text = OVERLAID + HOLES["boolean"].replace("@", "true")
    (found,) = _at(repository({"specs/x.yaml": text.replace("@", "no")}), text, "no")
    assert (found.hint, found.fix and found.fix.replacement) == ("write false", "false")


# --- every field of the reference system ------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
LOADED = load(ROOT)


def _leaves(value: Any, loc: Loc) -> Iterator[Loc]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*loc, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, (*loc, index))
    else:
        yield loc


def _fields() -> dict[tuple[str, str], tuple[Document, Loc]]:
    """Return one place for each key of each kind that has a value on one line."""
    found: dict[tuple[str, str], tuple[Document, Loc]] = {}
    for document in LOADED.documents:
        for loc in _leaves(document.value, ()):
            if loc[0] in ("metadata", "spec") and document.written(loc, False):
                key = next(str(part) for part in reversed(loc) if isinstance(part, str))
                found.setdefault((document.identity[0], key), (document, loc))
    return found


FIELDS = _fields()


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in FIELDS}))
def test_every_field_is_told_once(kind: str) -> None:
    for (of, key), (document, loc) in FIELDS.items():
        if of == kind:
            found = _problems(document, loc, "yes")
            assert len(found) == 1, (key, found)
            assert found[0].fix is None or found[0].fix.replacement == _right(document.value, loc), key


def _problems(document: Document, loc: Loc, value: str) -> list[Problem]:
    """Return what is found where a value stands instead of what is written there."""
    place, old = document.at(loc), document.written(loc, False)
    rows = (ROOT / document.file).read_text().split("\n")
    before, after = rows[place.line - 1][: place.column - 1], rows[place.line - 1][place.column - 1 + len(old) :]
    rows[place.line - 1] = f"{before}{value}{after}"
    problems: list[Problem] = []
    found = documents(document.file, "\n".join(rows), problems)
    with pytest.raises(Rejected) as rejected:
        pipeline.checked(Loaded(tuple(found), LOADED.files, tuple(problems)))
    return [problem for problem in rejected.value.problems if problem.place == place]


def _right(value: Any, loc: Loc) -> str:
    """Return how `yes` is written where a value of the type that is there is wanted."""
    for part in loc:
        value = value[part]
    return "true" if isinstance(value, bool) else '"yes"'
