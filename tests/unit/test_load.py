"""Files of all sorts are read or refused with a place; none of them ends the process."""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from generator import conventions
from generator.load import load
from generator.problems import Problem
from tests.unit.conftest import Repository


def _one(root: Path) -> Problem:
    (problem,) = load(root).problems
    return problem


def _found(problem: Problem) -> tuple[str, str, int, int]:
    return problem.code, problem.place.file, problem.place.line, problem.place.column


SYNTAX = {
    "a tab": ("a:\n\tb: 1\n", "yaml-syntax", 2, 1),
    "an open bracket": ("a: [1, 2\nb: 3\n", "yaml-syntax", 2, 2),
    "an open quote": ('a: "x\n', "yaml-syntax", 2, 1),
    "a colon in a text": ("a: b: c\n", "yaml-syntax", 1, 5),
    "a list": ("- a\n- b\n", "not-a-mapping", 1, 1),
    "a text": ("hello\n", "not-a-mapping", 1, 1),
    "a control character": ("a: \x01\n", "yaml-syntax", 1, 4),
    "a tag": ("a: !!python/object:os.system {}\n", "yaml-tag", 1, 4),
    "an include": ("a: !include other.yaml\n", "yaml-tag", 1, 4),
    "a key that is a list": ("? [a, b]\n: c\n", "key-type", 1, 3),
    "a key that is a number": ("a:\n  1: b\n", "key-type", 2, 3),
    "an empty key": ("a:\n  ~: b\n", "key-type", 2, 3),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1),
    "a key twice, quoted": ('a: {b: 1, "b": 2}\n', "duplicate-key", 1, 11),
    "an unknown alias": ("a: *b\n", "yaml-syntax", 1, 4),
    "an alias of itself": ("a: &b [*b]\n", "too-deep", 1, 4),
    "a merge key": ("a: &b {c: 1}\nd:\n  <<: *b\n", "ambiguous-scalar", 3, 3),
}


@pytest.mark.parametrize("name", SYNTAX)
def test_a_text_that_is_no_spec(repository: Repository, name: str) -> None:
    text, code, line, column = SYNTAX[name]
    assert _found(_one(repository({"specs/x.yaml": text}))) == (code, "specs/x.yaml", line, column)


ADVICE = {
    "a: b: c\n": (1, 5, 'quote a text with ": " in it'),
    "a: b\n  c: d\n": (2, 4, "the line before has a value, or no colon with a space behind"),
    "a: @x\n": (1, 4, "quote a text that starts with @"),
    'a: "\\d"\n': (1, 5, "write a backslash twice"),
    'a: {b: c,\n  d: "e\n': (3, 1, "a quote is missing; the text begins in line 2"),
    "a: {b: #c}\nd: e\n": (1, 8, "quote a text that starts with #"),
    "a: [b, #c]\nd: e\n": (1, 8, "quote a text that starts with #"),
    "a: [b, '#c'\nd: e\n": (2, 1, "a comma or a closing bracket is missing in what is opened in line 1"),
    "a: [b, # c\nd: e\n": (3, 1, "a comma or a closing bracket is missing in what is opened in line 1"),
    "a:\n  - b\n c: d\n": (3, 2, "indent it like the lines that it belongs to"),
    'a: "b" c\n': (1, 8, "put quotes around the whole text"),
    "a: {b: c}}\n": (1, 10, "this bracket closes nothing"),
    "a: {{ b }}\n": (1, 5, "quote a text with {{ }}"),
}


@pytest.mark.parametrize("text", ADVICE)
def test_what_is_no_yaml_is_told_with_what_to_do(repository: Repository, text: str) -> None:
    problem = _one(repository({"specs/x.yaml": text}))
    line, column, hint = ADVICE[text]
    assert (problem.place.line, problem.place.column, problem.hint[: len(hint)]) == (line, column, hint)


AMBIGUOUS = ("yes", "No", "on", "OFF", "y", "N", "0o17", "017", "0x1F", "0b11", "1_000", "12:30", "1e3", "1.5E-3",
             ".inf", "-.INF", ".nan", "2026-01-31", "2026-01-31T10:00:00Z", "=")  # fmt: skip


@pytest.mark.parametrize("value", AMBIGUOUS)
def test_an_ambiguous_value_is_refused(repository: Repository, value: str) -> None:
    problem = _one(repository({"specs/x.yaml": f"a:\n  b: {value}\n"}))
    assert _found(problem) == ("ambiguous-scalar", "specs/x.yaml", 2, 6)
    assert problem.place.length == len(value)


@pytest.mark.parametrize("value", AMBIGUOUS)
def test_a_quoted_value_is_a_text(repository: Repository, value: str) -> None:
    loaded = load(repository({"specs/x.yaml": f"a: '{value}'\nb: \"{value}\"\nc: |-\n  {value}\n"}))
    assert not loaded.problems
    assert loaded.documents[0].value == {"a": value, "b": value, "c": value}


def test_plain_values_are_what_everybody_reads(repository: Repository) -> None:
    text = "a: true\nb: null\nc:\nd: ~\ne: 12\nf: -1.5\ng: text\nh: 1.2.3\ni: 10m\nj: a b\nk: +7\n"
    (document,) = load(repository({"specs/x.yaml": text})).documents
    assert document.value == {"a": True, "b": None, "c": None, "d": None, "e": 12, "f": -1.5, "g": "text", "h": "1.2.3",
                              "i": "10m", "j": "a b", "k": 7}  # fmt: skip


DEEP = {
    "brackets": "a: " + "[" * 20_000,
    "closed brackets": "a: " + "[" * 20_000 + "]" * 20_000,
    "closed brackets that the parser takes": "a: " + "[" * 900 + "]" * 900,
    "braces": "a: " + "{b: " * 20_000 + "c" + "}" * 20_000,
    "dashes": "a:\n" + "- " * 20_000 + "b",
    "question marks": "? " * 20_000 + "b",
    "lines": "\n".join("  " * depth + "a:" for depth in range(700)),
    "lists below keys": "\n".join(" " * depth + ("a:" if depth % 2 == 0 else "-") for depth in range(700)),
    "one level too many": "a: " + "[" * conventions.DEPTH_LIMIT + "]" * conventions.DEPTH_LIMIT,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused_and_ends_no_process(repository: Repository, name: str) -> None:
    assert _one(repository({"specs/x.yaml": DEEP[name]})).code == "too-deep"


def test_the_deepest_nesting_that_is_allowed(repository: Repository) -> None:
    depth = conventions.DEPTH_LIMIT - 1
    loaded = load(repository({"specs/x.yaml": "a: " + "[" * depth + "]" * depth}))
    assert not loaded.problems


def test_many_brackets_side_by_side_are_not_deep(repository: Repository) -> None:
    loaded = load(repository({"specs/x.yaml": "a: [" + "[b], " * 20_000 + "[c]]"}))
    assert not loaded.problems


def test_an_alias_bomb_is_refused(repository: Repository) -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert _one(repository({"specs/x.yaml": "\n".join(lines)})).code == "too-many-values"


def test_an_alias_is_read_where_it_is_harmless(repository: Repository) -> None:
    (document,) = load(repository({"specs/x.yaml": "a: &a [1]\nb: *a\n"})).documents
    assert document.value == {"a": [1], "b": [1]}


def test_a_large_file_is_not_opened(repository: Repository, tmp_path: Path) -> None:
    root = repository({"specs/ok.yaml": "a: b\n"})
    with (tmp_path / "specs/x.yaml").open("wb") as file:
        file.truncate(50 << 20)
    problem = _one(root)
    assert _found(problem) == ("file-too-large", "specs/x.yaml", 1, 1)
    assert str(50 << 20) in problem.message


def test_bytes_that_are_no_text(repository: Repository) -> None:
    problem = _one(repository({"specs/x.yaml": "a: ä\nbä: ".encode() + b"\xff\xfe\x00"}))
    assert _found(problem) == ("not-utf8", "specs/x.yaml", 2, 5)


@pytest.fixture
def ordinary() -> Generator[Path]:
    """A folder in which rights count: as root, another user becomes the one who reads."""
    before = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        if before == 0:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            (Path(name) / "specs").mkdir()
            (Path(name) / "specs/ok.yaml").write_text("a: b\n")
            yield Path(name)
        finally:
            os.seteuid(before)


NOBODY = 65534


def test_a_folder_that_can_not_be_read(ordinary: Path) -> None:
    (ordinary / "specs/closed").mkdir(mode=0)
    loaded = load(ordinary)
    (ordinary / "specs/closed").chmod(0o700)
    assert [_found(problem) for problem in loaded.problems] == [("unreadable", "specs/closed", 1, 1)]
    assert len(loaded.documents) == 1


def test_a_file_that_can_not_be_read(ordinary: Path) -> None:
    (ordinary / "specs/x.yaml").touch(mode=0)
    assert _found(_one(ordinary)) == ("unreadable", "specs/x.yaml", 1, 1)


def test_a_pipe_is_not_waited_for(repository: Repository, tmp_path: Path) -> None:
    root = repository({"specs/ok.yaml": "a: b\n"})
    os.mkfifo(tmp_path / "specs/x.yaml")
    assert _found(_one(root)) == ("unreadable", "specs/x.yaml", 1, 1)


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside.md", "../../outside.md"])
def test_a_link_out_of_the_specs_is_refused(repository: Repository, tmp_path: Path, target: str) -> None:
    root = repository({"specs/ok.yaml": "a: b\n", "outside.md": "x"})
    (tmp_path / "specs/x.md").symlink_to(target)
    assert _found(_one(root)) == ("symlink-outside", "specs/x.md", 1, 1)
    assert "x" not in load(root).files["specs/x.md"]


def test_a_link_that_leads_nowhere(repository: Repository, tmp_path: Path) -> None:
    root = repository({"specs/ok.yaml": "a: b\n"})
    (tmp_path / "specs/x.md").symlink_to("gone.md")
    assert _found(_one(root)) == ("unreadable", "specs/x.md", 1, 1)


def test_a_link_that_leads_to_itself(repository: Repository, tmp_path: Path) -> None:
    root = repository({"specs/a.yaml": "x: 1\n"})
    (tmp_path / "specs/x.md").symlink_to("x.md")
    assert _one(root).place.file == "specs/x.md"


def test_a_link_within_the_specs_is_read(repository: Repository, tmp_path: Path) -> None:
    root = repository({"specs/ok.yaml": "a: b\n", "specs/a.md": "x"})
    (tmp_path / "specs/b.md").symlink_to("a.md")
    loaded = load(root)
    assert not loaded.problems
    assert loaded.files["specs/b.md"] == "x"


def test_a_link_to_a_folder_is_not_passed_over_in_silence(repository: Repository, tmp_path: Path) -> None:
    root = repository({"specs/ok.yaml": "a: b\n", "more/x.yaml": "a: b\n"})
    (tmp_path / "specs/more").symlink_to("../more")
    assert _found(_one(root)) == ("symlink-folder", "specs/more", 1, 1)


@pytest.mark.parametrize("files", [{}, {"specs/.gitkeep": ""}, {"specs/readme.md": "x"}, {"policies/p.yaml": "a: b\n"}])
def test_no_specs(repository: Repository, files: dict[str, str]) -> None:
    assert _one(repository(files)).code == "no-specs"


def test_specs_that_are_further_up_are_told(repository: Repository) -> None:
    root = repository({"specs/agents/a.yaml": "a: b\n"})
    assert _one(root / "specs/agents").hint == "they are further up: `apm -C ../.. COMMAND`"


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.YAML", "a.Yml"])
def test_a_file_is_a_spec_by_its_ending(repository: Repository, name: str) -> None:
    (document,) = load(repository({f"specs/{name}": "a: b\n"})).documents
    assert document.file == f"specs/{name}"


def test_hidden_files_are_not_specs(repository: Repository) -> None:
    loaded = load(repository({"specs/ok.yaml": "a: b\n", "specs/.x.yaml": "[", "specs/.git/y.yaml": "["}))
    assert not loaded.problems
    assert list(loaded.files) == ["specs/ok.yaml"]


@pytest.mark.parametrize(
    ("text", "line"), [("a:\n\tb: c\n", 2), ("a:\n  b: c\n\td: e\n", 3), ("a:\n  b:\n  \tc: d\n  e: f\n", 3)]
)
def test_a_tab_in_front_of_a_line_is_named(repository: Repository, text: str, line: int) -> None:
    problem = _one(repository({"specs/ok.yaml": "a: b\n", "specs/x.yaml": text}))
    assert "a tab character can't be used to indent" in problem.message
    assert problem.place.line == line


@pytest.mark.parametrize("style", ["<<<<<<< HEAD\nb: c\n=======\nb: d\n>>>>>>> other\n", "=======\nb: c\n>>>>>>> x\n"])
def test_markers_of_an_unfinished_merge_are_named_at_the_first(repository: Repository, style: str) -> None:
    problem = _one(repository({"specs/ok.yaml": "a: b\n", "specs/x.yaml": "a: b\n" + style + "e: f\n"}))
    assert _found(problem) == ("yaml-syntax", "specs/x.yaml", 2, 1)
    assert "a merge was not finished here" in problem.message


def test_whoever_names_a_spec_of_a_broken_file_is_not_blamed(repository: Repository) -> None:
    text = "kind: Team\nmetadata: {owner: x, name: night}\n---\nkind: Team\nmetadata:\n  name: day\nspec: [\n"
    loaded = load(repository({"specs/x.yaml": text}))
    assert [d.value for d in loaded.documents] == [{"kind": "Team", "metadata": {"name": n}} for n in ("night", "day")]
