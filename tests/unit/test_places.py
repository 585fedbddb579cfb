"""The caret stands exactly under the word that is meant, however the file is written."""

import pytest
import yaml

from generator.load import load
from generator.model import Loc
from generator.places import place_of
from generator.problems import Place, Problem, as_text
from generator.workflows.spans import inside
from tests.unit.conftest import Repository

TEXT = """\
# a comment
one:
  two: plain
  three: [a, "bé", {four: 'x y'}]
  日本: {wide: 値}
block: |
  first
  second
folded: >-
  first
  second
anchor: &name
  five: six
alias: *name
"""

PLACES: list[tuple[Loc, str]] = [
    (("one", "two"), "plain"),
    (("one", "three"), "[a, \"bé\", {four: 'x y'}]"),
    (("one", "three", 1), '"bé"'),
    (("one", "three", 2), "{four: 'x y'}"),
    (("one", "three", 2, "four"), "'x y'"),
    (("one", "日本", "wide"), "値"),
    (("anchor", "five"), "six"),
    (("one", "gone"), "one"),
    (("one", "three", 7), "three"),
]

WAYS = {
    "as it is": TEXT,
    "with carriage returns": TEXT.replace("\n", "\r\n"),
    "with a byte order mark": "\ufeff" + TEXT,
    "as the second document": "zero: 0\n---\n" + TEXT,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("loc", "word"), PLACES, ids=lambda v: str(v) if isinstance(v, str) else None)
def test_value(repository: Repository, way: str, loc: Loc, word: str) -> None:
    loaded = load(repository({"specs/x.yaml": WAYS[way]}))
    document = loaded.documents[-1]
    assert _word(loaded.files["specs/x.yaml"], document.at(loc)) == word


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loc", [("one",), ("one", "日本"), ("one", "three", 2, "four"), ("block",)])
def test_key(repository: Repository, way: str, loc: Loc) -> None:
    loaded = load(repository({"specs/x.yaml": WAYS[way]}))
    assert _word(loaded.files["specs/x.yaml"], loaded.documents[-1].key_at(loc)) == loc[-1]


def test_the_value_of_an_alias_stands_at_its_anchor(repository: Repository) -> None:
    loaded = load(repository({"specs/x.yaml": TEXT}))
    assert _word(loaded.files["specs/x.yaml"], loaded.documents[0].at(("alias", "five"))) == "six"


def test_the_place_of_a_block_is_its_sign(repository: Repository) -> None:
    loaded = load(repository({"specs/x.yaml": TEXT}))
    place = loaded.documents[0].at(("block",))
    assert (place.line, place.column, place.length) == (6, 8, 1)


def _word(text: str, place: Place) -> str:
    return text.split("\n")[place.line - 1][place.column - 1 :][: place.length]


SCALARS = {
    "plain": "a: one two three\n",
    "single quotes": "a: 'one two three'\n",
    "double quotes": 'a: "one two three"\n',
    "flow": "{a: {b: 1}, c: [one two three]}\n",
    "escapes before": 'a: "\\u00e4\\x41\\n\\"\\\\ one two three"\n',
    "quotes before": "a: '''one'' two three'\n",
    "literal": "a: |\n  one two three\n",
    "literal, further down": "a: |\n  zero\n\n    zero\n  one two three\n",
    "literal with a comment": "a: |2- # note\n    one two three\n",
    "folded": "a: >\n  zero\n  zero\n\n  one two three\n",
    "plain on two lines": "a: zero\n  zero one\n  two three\n",
    "quoted on two lines": 'a: "zero \\\n  one\n  two three"\n',
    "an empty line inside": 'a: "zero\n\n  one two three"\n',
}


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("word", ["one", "two", "three"])
def test_inside_a_scalar(name: str, word: str) -> None:
    source = SCALARS[name]
    loc: Loc = ("c", 0) if name == "flow" else ("a",)
    value = yaml.safe_load(source)
    for part in loc:
        value = value[part]
    place = inside(source, place_of("x", source, 0, loc), value, value.index(word), len(word))
    assert _word(source, place) == word


def test_what_can_not_be_found_is_the_whole_scalar() -> None:
    scalar = Place("x", 1, 4, 3)
    assert inside("a: abc\n", scalar, "other text", 6, 2) == scalar


# --- drawing --------------------------------------------------------------------------------------------------------


def _drawn(line: str, column: int, length: int, code: str = "x") -> list[str]:
    text = as_text([Problem(Place("f", 1, column, length), code, "m")], {"f": line}, color=False)
    return text.splitlines()[1:3]


@pytest.mark.parametrize(
    ("line", "column", "length", "row", "caret"),
    [
        ("abc def", 5, 3, "abc def", "    ^^^"),
        ("a\tb", 3, 1, "a b", "  ^"),
        ("日本: x", 5, 1, "日本: x", "      ^"),
        ("日本: x", 1, 2, "日本: x", "^^^^"),
        ("e\u0301: x", 5, 1, "e\u0301: x", "   ^"),
        ("abc", 9, 1, "abc", "        ^"),
        ("a\x1b[31mb", 1, 1, "a�[31mb", "^"),
    ],
)
def test_caret(line: str, column: int, length: int, row: str, caret: str) -> None:
    assert _drawn(line, column, length) == [f"  1 | {row}", f"    | {caret}"]


def test_a_long_line_is_cut_around_the_place() -> None:
    row, caret = _drawn("x" * 500 + "word" + "y" * 500, 501, 4)
    assert row[6:][caret.index("^") - 6 :].startswith("word")
    assert len(row) <= 126


def test_a_place_on_an_empty_line_draws_nothing() -> None:
    assert _drawn("   ", 1, 1) == []


def test_colour_is_only_where_it_is_asked_for() -> None:
    problem = Problem(Place("f", 1, 1, 1), "x", "m")
    assert "\x1b" not in as_text([problem], {"f": "a"}, color=False)
    assert "\x1b[31m" in as_text([problem], {"f": "a"}, color=True)
