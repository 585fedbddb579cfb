"""No bytes, no YAML and no spoilt spec makes the validator fail: it answers with findings, each at a place that exists.

`FUZZ=20000 make fuzz` takes as many examples of each; here they are few, and the same in every run.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator import pipeline
from generator.model import Loc
from generator.problems import Problem, Rejected
from tests.conformance.cases import repository
from tests.mutation.repository import Repository
from tests.mutation.surgery import Unfit

COUNT = int(os.environ.get("FUZZ", "0"))
FUZZED = settings(max_examples=COUNT or 40, derandomize=not COUNT, deadline=None, database=None,
                  suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip
FILE = "specs/fuzz.yaml"
WORDS = st.sampled_from(
    ["apiVersion", "kind", "metadata", "spec", "name", "steps", "id", "agent", "when", "save", "switch", "next",
     "apm/v1", "Workflow", "Agent", "Tool", "state", "input", "${state.x}", "${", "{{ input.x }}", "yes", "1e3", "",
     "\u00e4\u6f22\U0001f600", "- ", "&a", "*a", "!!python/object:os.system", "<<", "? ", "|", ">-", "\t", "'",
     '"', "%", "---", "...", "\x85", "\ufeff"]
)  # fmt: skip
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


def _problems(root: Path) -> tuple[Problem, ...]:
    try:
        return pipeline.check(root).problems
    except Rejected as rejected:
        return rejected.problems


@FUZZED
@given(data=st.binary(max_size=200))
def test_any_bytes_are_answered_with_findings(tmp_path_factory: Any, data: bytes) -> None:
    root = repository(tmp_path_factory.mktemp("bytes"))
    (root / FILE).write_bytes(data)
    assert all(problem.code and problem.message for problem in _problems(root))


@FUZZED
@given(
    words=st.lists(WORDS | st.sampled_from([": ", "\n", "\n  ", "\n- ", "{", "}", "[", "]", ", ", "#"]), max_size=40)
)
def test_any_text_like_yaml_is_answered_with_findings(tmp_path_factory: Any, words: list[str]) -> None:
    root = repository(tmp_path_factory.mktemp("words"))
    (root / FILE).write_text("".join(words), encoding="utf-8")
    found = _problems(root)
    lines = (root / FILE).read_text(encoding="utf-8").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= problem.place.line <= lines + 1 for problem in found if problem.place.file == FILE)


BASE: dict[str, Repository] = {}


@FUZZED
@given(choice=st.integers(min_value=0), value=VALUES)
def test_any_value_in_any_place_of_a_spec_is_answered_with_findings(
    tmp_path_factory: Any, choice: int, value: Any
) -> None:
    from tests.mutation.parts import parts
    from tests.mutation.surgery import replaced, written

    if not BASE:
        BASE["base"] = Repository.read(repository(tmp_path_factory.mktemp("values")))
    base = BASE["base"]
    places = [(spec, part) for spec in base.specs for part in parts(spec)]
    spec, part = places[choice % len(places)]
    file = spec.document.file
    text = replaced(base.text(file), base.index(spec.document), part.loc, written(value))
    assert _out_of(text, file, base.problems(file, text)) == []


def _out_of(text: str, file: str, found: Iterable[Problem]) -> list[str]:
    """Return findings without a code, or with a part of the file that is not there."""
    rows = text.split("\n")
    return [f"{p.place}: {p.message}" for p in found if not p.code or (p.place.file == file and not _is_in(p, rows))]


def _is_in(problem: Problem, rows: list[str]) -> bool:
    place = problem.place
    return place.line <= len(rows) and place.column + place.length - 2 <= len(rows[place.line - 1])


@FUZZED
@given(seed=st.integers(min_value=0))
def test_two_or_three_mistakes_in_one_file_are_answered_with_findings(tmp_path_factory: Any, seed: int) -> None:
    from tests.mutation.parts import parts

    if not BASE:
        BASE["base"] = Repository.read(repository(tmp_path_factory.mktemp("values")))
    base, random = BASE["base"], Random(seed)
    spec = random.choice(base.specs)
    file, index = spec.document.file, base.index(spec.document)
    text = base.text(file)
    for part in random.sample(list(parts(spec)), 3):
        with contextlib.suppress(Unfit, StopIteration, LookupError, AttributeError, TypeError, yaml.YAMLError):
            text = _spoilt(text, index, part.loc, random)  # an earlier change may have taken the part away
    assert _out_of(text, file, base.problems(file, text)) == []


def _spoilt(text: str, index: int, loc: Loc, random: Random) -> str:
    from tests.mutation.surgery import removed, renamed, replaced, written

    match random.randrange(3):
        case 0:
            return replaced(text, index, loc, written(random.choice([7, "x", None, True, {"a": 1}, ["b"]])))
        case 1:
            return renamed(text, index, loc, random.choice(["x", "name", "steps", "if"]))
        case _:
            return removed(text, index, loc)
