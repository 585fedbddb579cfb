"""Repairs change the exact characters that a finding names, and nothing else."""

import pytest

from generator.fixing import offered, repaired
from generator.problems import Fix, Place, Problem, meant


def fix(line: int, column: int, written: str, replacement: str) -> Fix:
    """Return a repair in one file."""
    return Fix(Place("a.yaml", line, column), written, replacement)


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("agnt", ["agent", "tool"], "agent"),
        ("plannner", ["planner", "plan"], "planner"),
        ("agent-3", ["agent-1", "agent-2"], None),  # either of them
        ("agent-12", ["agent-1", "agent-2"], None),
        ("van", ["planner", "reviewer"], None),
        ("x", [], None),
    ],
)
def test_a_name_is_meant_only_where_no_other_could_be(name: str, known: list[str], found: str | None) -> None:
    assert meant(name, known) == found


def test_only_the_characters_change() -> None:
    text = "\ufeffäa: b  # c\r\nx: 'yy'\r\n"
    made = (fix(1, 1, "äa", "aa"), fix(1, 5, "b", '"b"'), fix(2, 4, "'yy'", "'z'"))
    assert repaired(text, made) == ("\ufeffaa: \"b\"  # c\r\nx: 'z'\r\n", made)


def test_what_is_not_there_any_more_is_left_out() -> None:
    assert repaired("a: c\n", [fix(1, 4, "b", "x")]) == ("a: c\n", ())


def test_repairs_that_overlap_are_not_made() -> None:
    one, other, third = fix(1, 4, "abc", "x"), fix(1, 6, "c", "y"), fix(2, 4, "abc", "z")
    problems = [Problem(f.place, "c", f.replacement, fix=f) for f in (one, other, third)]
    assert offered(problems) == (third,)


def test_one_repair_of_many_findings_is_made_once() -> None:
    one = fix(1, 4, "abc", "x")
    assert offered([Problem(one.place, "c", env, fix=one) for env in ("first", "second")]) == (one,)


def test_a_place_with_another_error_is_left_to_a_person() -> None:
    one = fix(1, 4, "yes", '"yes"')
    problems = [Problem(one.place, "ambiguous-scalar", "m", fix=one), Problem(one.place, "wrong-type", "no text")]
    assert offered(problems) == ()


def test_json_has_a_repair_only_where_there_is_one() -> None:
    one = fix(1, 4, "abc", "x")
    assert Problem(one.place, "c", "m", fix=one).as_json()["fix"] == {
        "file": "a.yaml", "line": 1, "column": 4, "length": 3, "replacement": "x",
    }  # fmt: skip
    assert "fix" not in Problem(one.place, "c", "m").as_json()
