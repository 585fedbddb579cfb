"""`apm validate` says everything that is wrong, where, and in the form that was asked for."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Apm

AGENT = Path("specs/agents/greeter.yaml")


def edit(repository: Path, old: str, new: str, file: Path = AGENT) -> None:
    """Replace a text that is there in a file."""
    text = (repository / file).read_text()
    assert old in text
    (repository / file).write_text(text.replace(old, new))


def test_a_fresh_repository_is_valid(apm: Apm) -> None:
    result = apm("validate")
    assert (result.code, result.out) == (0, "")
    assert "no problems" in result.err


def test_all_problems_of_all_files_come_in_one_run(apm: Apm, repository: Path) -> None:
    edit(repository, "model: default", "model: defalt")
    edit(repository, "agent: greeter", "agent: greter", Path("specs/workflows/hello.yaml"))
    edit(repository, "mail:", "email:", Path("specs/system.yaml"))
    result = apm("validate", "--format", "json")
    problems = json.loads(result.out)["problems"]
    assert result.code == 1
    assert [(p["file"], p["code"], p["hint"]) for p in problems] == [
        ("specs/agents/greeter.yaml", "dead-reference", 'did you mean "default"?'),
        ("specs/system.yaml", "unknown-key", 'did you mean "mail"?'),
        ("specs/workflows/hello.yaml", "dead-reference", 'did you mean "greeter"?'),
    ]


def test_json_has_the_promised_fields(apm: Apm, repository: Path) -> None:
    edit(repository, "model: default", "model: defalt")
    (problem,) = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert problem == {
        "code": "dead-reference",
        "severity": "error",
        "file": "specs/agents/greeter.yaml",
        "line": 8,
        "column": 10,
        "path": "spec.model",
        "message": 'unknown Model "defalt"',
        "hint": 'did you mean "default"?',
        "related": [],
        "fix": {"file": "specs/agents/greeter.yaml", "line": 8, "column": 10, "length": 6, "replacement": "default"},
    }


def test_text_shows_the_line_and_a_caret_under_the_word(apm: Apm, repository: Path) -> None:
    edit(repository, "model: default", "model: defalt")
    lines = apm("validate").out.splitlines()
    assert lines[1].endswith("model: defalt")
    caret = lines[2].index("^")
    assert lines[1][caret:] == "defalt"
    assert lines[2].strip(" |") == "^" * len("defalt")


def test_sarif_and_github_forms(apm: Apm, repository: Path) -> None:
    edit(repository, "model: default", "model: defalt")
    sarif = json.loads(apm("validate", "--format", "sarif").out)
    (found,) = sarif["runs"][0]["results"]
    assert (sarif["version"], found["ruleId"]) == ("2.1.0", "dead-reference")
    assert found["locations"][0]["physicalLocation"]["region"] == {"startLine": 8, "startColumn": 10, "endColumn": 16}
    github = apm("validate", "--format", "github").out
    assert github.startswith("::error file=specs/agents/greeter.yaml,line=8,col=10,title=dead-reference::unknown Model")


def test_paths_choose_what_is_printed_and_counted(apm: Apm, repository: Path) -> None:
    edit(repository, "model: default", "model: defalt")
    assert apm("validate", "specs/workflows").code == 0
    assert apm("validate", "specs/agents").code == 1


def test_a_path_that_is_not_there_is_wrong_usage(apm: Apm) -> None:
    assert apm("validate", "spec").code == 2


BAD = {
    "duplicate key": ("specs/agents/greeter.yaml", "  role: a\n  role: b\n", "duplicate-key"),
    "tab indentation": ("specs/x.yaml", "apiVersion: apm/v1\nkind: Team\nmetadata:\n\tname: x\n", "yaml-syntax"),
    "binary file": ("specs/x.yaml", "\x00\x01\x02", "yaml-syntax"),
    "alias bomb": (
        "specs/x.yaml",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "too-many-values",
    ),
    "list instead of a spec": ("specs/x.yaml", "- a\n- b\n", "not-a-mapping"),
    "unknown kind": (
        "specs/x.yaml",
        "apiVersion: apm/v1\nkind: Agnet\nmetadata: {name: x}\nspec: {}\n",
        "unknown-kind",
    ),
    "other version": ("specs/x.yaml", "apiVersion: apm/v2\nkind: Team\nmetadata: {name: x}\nspec: {}\n", "api-version"),
    "deep nesting": ("specs/x.yaml", "a: " + "[" * 20000 + "\n", "too-deep"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_findings_with_a_place(apm: Apm, repository: Path, name: str) -> None:
    file, text, code = BAD[name]
    path = repository / file
    path.write_text((path.read_text().replace("  role: writes greetings\n", text)) if path.exists() else text)
    result = apm("validate", "--format", "json")
    found = json.loads(result.out)["problems"]
    assert result.code == 1
    assert code in {p["code"] for p in found}
    assert all(p["file"] == file and p["line"] >= 1 and p["column"] >= 1 for p in found), found
    assert "Traceback" not in result.err


def test_a_huge_file_is_not_read(apm: Apm, repository: Path) -> None:
    with (repository / "specs/huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    result = apm("validate", "--format", "json")
    assert [p["code"] for p in json.loads(result.out)["problems"]] == ["file-too-large"]


def test_bytes_that_are_no_text_are_refused_where_they_stand(apm: Apm, repository: Path) -> None:
    (repository / "specs/x.yaml").write_bytes(b"a: b\nc: \xff\n")
    (problem,) = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert (problem["code"], problem["line"], problem["column"]) == ("not-utf8", 2, 4)


def test_a_link_out_of_the_repository_is_refused(apm: Apm, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("secret: of somebody else\n")
    (repository / "specs/link.yaml").symlink_to(tmp_path / "outside.yaml")
    result = apm("validate", "--format", "json")
    assert [p["code"] for p in json.loads(result.out)["problems"]] == ["symlink-outside"]
    assert "somebody" not in result.out + result.err


def test_an_empty_specs_folder_says_what_to_do(apm: Apm, repository: Path) -> None:
    for path in (repository / "specs").rglob("*.*"):
        path.unlink()
    result = apm("validate", "--format", "json")
    (problem,) = json.loads(result.out)["problems"]
    assert (result.code, problem["code"]) == (1, "no-specs")
    assert "apm init" in problem["hint"]


def test_two_specs_with_one_name_name_both_places(apm: Apm, repository: Path) -> None:
    (repository / "specs/agents/other.yaml").write_text((repository / AGENT).read_text())
    (problem,) = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert problem["code"] == "duplicate-name"
    assert {problem["file"], problem["related"][0]["file"]} == {"specs/agents/greeter.yaml", "specs/agents/other.yaml"}


def test_a_missing_prompt_file_is_found(apm: Apm, repository: Path) -> None:
    edit(repository, "prompts/greeter.md", "prompts/greter.md")
    (problem,) = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert problem["code"] == "missing-file"
    assert "greeter.md" in problem["hint"]


def test_a_literal_password_is_refused_and_never_echoed(apm: Apm, repository: Path) -> None:
    password = "hunter2-Tr0ub4dor"
    edit(
        repository,
        "endpoint: https://models.example.com",
        f"endpoint: https://user:{password}@models.example.com",
        Path("specs/models.yaml"),
    )
    for form in ("text", "json", "sarif", "github"):
        result = apm("validate", "--format", form)
        assert result.code == 1
        assert "secret-literal" in result.out
        assert password not in result.out + result.err


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_what_a_link_out_of_the_repository_leads_to_is_not_shown(
    apm: Apm, repository: Path, tmp_path: Path, form: str
) -> None:
    secret = tmp_path / "outside" / "secret.yaml"
    secret.parent.mkdir()
    secret.write_text("hidden-away: 1\n")
    (repository / "specs/link.yaml").symlink_to(secret)
    for command in (("validate", "--format", form), ("render", "--format", form), ("validate", "--fix")):
        result = apm(*command)
        assert result.code == 1
        assert "symlink-outside" in result.out
        assert "hidden-away" not in result.out + result.err
    assert secret.read_text() == "hidden-away: 1\n"


def test_what_could_not_be_read_may_hold_what_is_named(apm: Apm, repository: Path) -> None:
    """A folder behind a link is not read: the model that the agent names may be in it."""
    edit(repository, "model: default", "model: elsewhere")
    (repository / "specs/more").symlink_to(repository)
    found = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert [problem["code"] for problem in found] == ["symlink-folder"]


def test_a_file_that_is_no_yaml_may_hold_the_other_side_of_a_channel(apm: Apm, repository: Path) -> None:
    (repository / "specs/channel.yaml").write_text(
        "apiVersion: apm/v1\nkind: Channel\nmetadata: {name: quiet}\nspec: {payload: {type: object}}\n"
    )
    assert "channel-unused" in apm("validate").out
    (repository / "specs/broken.yaml").write_text("a: [\n")
    out = apm("validate").out
    assert "yaml-syntax" in out
    assert "channel-unused" not in out


HINTS = {
    "a misspelt verb": ("      agent: greeter", "      agents: greeter", 'key "agents"', 'did you mean "agent"?'),
    "a number in quotes": ("maxTokens: 5000", 'maxTokens: "5000"', "whole number", "write it without quotes: 5000"),
    "a line that is indented less": (
        "    - id: send", "   - id: send", "not valid YAML",
        "indent it like the lines that it belongs to; what is not finished here begins in line 6",
    ),
    "an open bracket": (
        "assignees: [platform]", "assignees: [platform", "not valid YAML",
        "a comma or a closing bracket is missing in what is opened in line 32",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "hint"), HINTS.values(), ids=HINTS)
def test_one_mistake_is_one_finding_that_says_what_to_do(
    apm: Apm, repository: Path, old: str, new: str, message: str, hint: str
) -> None:
    edit(repository, old, new, Path("specs/workflows/hello.yaml"))
    (problem,) = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert message in problem["message"]
    assert problem["hint"] == hint


def test_two_steps_of_one_name_are_one_finding(apm: Apm, repository: Path) -> None:
    edit(repository, "- id: decided", "- id: write", Path("specs/workflows/hello.yaml"))
    found = json.loads(apm("validate", "--format", "json").out)["problems"]
    assert "duplicate-step" in {p["code"] for p in found}
    assert "test-step" not in {p["code"] for p in found}
