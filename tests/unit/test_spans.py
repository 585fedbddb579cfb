"""In whatever form of YAML a mistake is written, the finding and the caret are exactly under it.

One mistake a time, in documents that are written in drawn forms: block and flow, literal and folded blocks with all
signs, quotes with escapes, anchors, comments, tabs, other documents in front, carriage returns, a byte order mark, and
characters that are no, one or two columns wide. Widths are judged by wcwidth. `FUZZ=1000` takes as many of each.
"""

import os
import re
import shutil
import unicodedata
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from generator.problems import Place, as_text
from generator.terminal import visible, width
from tests.conformance.cases import problems, repository
from tests.unit.yaml_styles import NOISE, Token, Writer

FILE = "specs/mistake.yaml"
WORD = "zzqq"
"""Stands in the mistake and nowhere else."""
COUNT = int(os.environ.get("FUZZ", "0"))
THOROUGH = settings(max_examples=COUNT or 25, derandomize=not COUNT, deadline=None, database=None,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip


def _workflow(step: dict[str, Any], **more: Any) -> dict[str, Any]:
    steps = {"state": {"said": {"type": "string"}}, "steps": [{"id": "first", "set": {"said": "x"}}, step]}
    return _spec("Workflow", "mistake", steps | more)


def _spec(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "apm/v1", "kind": kind, "metadata": {"name": name, "description": "NOISE"}, "spec": spec}


def _team(**more: Any) -> dict[str, Any]:
    return _spec("Team", "mistake", {"title": "NOISE", "mail": "a@example.com", "slack": {"channel": "#a"}} | more)


_ASKED = {"assignees": ["operations"], "timeout": "1h", "onTimeout": "reject"}
MISTAKES: dict[str, tuple[str, dict[str, Any]]] = {
    "an unknown key": ("unknown-key", _team(**{Token(WORD): "NOISE"})),
    "an unknown key of a step": ("unknown-key", _workflow({"id": "s", "set": {"said": "NOISE"}, Token(WORD): [1]})),
    "a value that is not allowed": ("not-allowed", _workflow(
        {"id": "s", "set": {"said": "NOISE"}}, state={"said": {"type": Token(WORD)}})),
    "a name that there is not": ("dead-reference", _workflow(
        {"id": "s", "agent": Token(WORD), "with": {"q": "NOISE"}})),
    "a text where a number is needed": ("wrong-type", _workflow(
        {"id": "s", "set": {"said": "NOISE"}}, limits={"maxSteps": Token(WORD)})),
    "a step that there is not": ("workflow-target", _workflow(
        {"id": "s", "set": {"said": "NOISE"}, "next": Token(WORD)})),
    "an unknown root in `${ }`": ("expression", _workflow({"id": "s", "set": {"said": f"TEXT ${{ {WORD} }} TEXT"}})),
    "an unknown field in `${ }`": ("unknown-state-field", _workflow(
        {"id": "s", "set": {"said": f"TEXT ${{state.{WORD}}} TEXT"}})),
    "an unknown root in a condition": ("expression", _workflow(
        {"id": "s", "when": f"state.said == 'NOISE' || {WORD} == 'NOISE'", "set": {"said": "x"}})),
    "an unknown root in a message": ("expression", _workflow(
        {"id": "s", "approval": {"message": f"TEXT\nTEXT {{{{ {WORD} }}}} TEXT", **_ASKED}})),
    "an unknown filter in a message": ("expression", _workflow(
        {"id": "s", "approval": {"message": f"TEXT\n\nTEXT {{{{ state.said | {WORD} }}}}", **_ASKED}})),
}  # fmt: skip


def _filled(value: Any, random: Random) -> Any:
    """Return a value with words for NOISE and TEXT."""
    if isinstance(value, dict):
        return {key: _filled(item, random) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_filled(item, random) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, str) or isinstance(value, Token):
        return value
    return re.sub("NOISE|TEXT", lambda word: " ".join(random.choices(NOISE, k=1 if word[0] == "NOISE" else 5)), value)


def _encoded(text: str, random: Random) -> bytes:
    """Return a file: other documents in front, another sort of line end, a byte order mark."""
    front = random.choice(["", "# 日本\n---\n", f"{TEAM}--- # next\n"])
    mark, end = random.choice(["", "\ufeff"]), random.choice(["\n", "\r\n"])
    return (mark + (front + text).replace("\n", end)).encode()


TEAM = """\
apiVersion: apm/v1
kind: Team
metadata: {name: night}
spec: {title: Nächte, mail: n@example.com}
"""


@pytest.mark.parametrize("name", MISTAKES)
@THOROUGH
@given(seed=st.integers(0, 2**32))
def test_the_finding_and_the_caret_are_under_the_mistake(name: str, seed: int, tmp_path: Path) -> None:
    (code, tree), random = MISTAKES[name], Random(seed)
    tree = _filled(tree, random)
    text = Writer(random).document(tree)
    assert _even(yaml.load(text, Loader=yaml.CSafeLoader)) == _even(tree), f"the test writes something else:\n{text}"
    root = _root(tmp_path, _encoded(text, random))
    (found,) = [problem for problem in problems(root) if problem.severity == "error"]
    shown = (root / FILE).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    assert found.code == code
    assert _word(shown, found.place).strip("'\"").removeprefix("state.") == WORD
    assert _under(as_text([found], {FILE: shown}, color=False)).strip("'\"").removeprefix("state.") == WORD


def _root(folder: Path, content: bytes) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    (repository(folder) / FILE).write_bytes(content)
    return folder


def _even(value: Any) -> Any:
    """Return a value in which all spaces are alike; folding and chomping are not what is tested."""
    if isinstance(value, dict):
        return {str(key): _even(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [_even(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return " ".join(str(value).split()) if isinstance(value, str) else value


def _word(text: str, place: Place) -> str:
    return text.split("\n")[place.line - 1][place.column - 1 :][: place.length]


def _under(drawn: str) -> str:
    """Return what stands above the caret on a terminal."""
    row, caret = drawn.splitlines()[1:3]
    first, last = caret.index("^"), caret.rindex("^")
    columns = [wcswidth(row[:count]) for count in range(len(row) + 1)]
    return row[columns.index(first) : columns.index(last + 1)]


PROMPTS = {
    "a name": (f"日本 e\u0301 \U0001f469 {{{{ {WORD} }}}}", WORD),
    "a name behind a loop over it": ("{% for zzqq in input.question %}{{ zzqq }}{% endfor %}\n- {{zzqq.b}}", WORD),
    "a filter": ("{{ input.question | upper | zzqq }}", WORD),
    "a test": ("a\n{%- if input.question is\n  not zzqq %}x{% endif %}", WORD),
    "a sign": ("{% raw %}{{ zz }}{% endraw %}\n  {# } #} {{ input.question ) }}", ")"),
    "a block that does not end": ("{% if 1 %}{% endif %}\n ä {% if input.question %}\nb", "{% if"),
    "a hole that does not end": ("a\nb {{ input.question", "{{"),
    "a comment that does not end": ("a\nb {# note", "{#"),
    "a statement that there is not": ("a\n\n{% zzqq %}", WORD),
}


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lines", "carriage returns"])
def test_a_mistake_in_a_prompt_is_underlined_in_its_file(name: str, end: str, tmp_path: Path) -> None:
    text, word = PROMPTS[name]
    file = "specs/prompts/helper.md"
    (repository(tmp_path) / file).write_bytes(text.replace("\n", end).encode())
    (found,) = problems(tmp_path)
    assert (found.code, found.place.file) == ("expression", file)
    assert found.place.line == text.count("\n", 0, text.rindex(word)) + 1
    assert _word(text, found.place) == word
    assert _under(as_text([found], {file: text}, color=False)) == word


DIFFERENT = {
    *range(0x2630, 0x2638), *range(0x268A, 0x2690), *range(0x4DC0, 0x4E00), *range(0x1D300, 0x1D377),  # wide since 2024
    0x3164, 0xFFA0, *range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400),  # fillers, half flags, colours of nothing
}  # fmt: skip


def test_a_character_is_as_wide_as_on_a_terminal() -> None:
    """All but vowel signs that take a column of their own or not, as the terminal's font has it."""
    known = [chr(code) for code in range(0x20, 0x3FFFF) if unicodedata.category(chr(code)) not in ("Mc", "Cs")]
    wrong = {ord(char) for char in known if width(char) != max(0, wcswidth(visible(char)))}
    assert wrong <= DIFFERENT
