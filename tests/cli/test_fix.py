"""`apm validate --fix` repairs what can only be meant in one way, and touches nothing else."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Apm

WORKFLOW = "specs/workflows/hello.yaml"
AGENT = "specs/agents/greeter.yaml"


def change(repository: Path, name: str, old: str, new: str) -> str:
    """Break a file and return it as it was."""
    file = repository / name
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new, 1))
    return before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("agent: greeter", "agent: greter  # who", "greter -> greeter"),  # dead-reference
        ("assignees: [platform]", "assignees: ['platfrm']", "'platfrm' -> 'platform'"),
        ("      with: {guest", "      whit: {guest", "whit -> with"),  # unknown-key
        ("metadata: {name", "metdata: {name", "metdata -> metadata"),
        ("kind: Workflow", "kind: Workflw", "Workflw -> Workflow"),  # unknown-kind
        ("then: send}", "then: snd}", "snd -> send"),  # workflow-target
    ],
)
def test_a_name_with_one_meaning_is_repaired(apm: Apm, repository: Path, old: str, new: str, told: str) -> None:
    before = change(repository, WORKFLOW, old, new)
    result = apm("validate", "--fix")
    assert (result.code, told in result.err) == (0, True), result.out + result.err
    wrong, right = told.split(" -> ")
    assert (repository / WORKFLOW).read_text() == before.replace(old, new.replace(wrong, right), 1)
    again = apm("validate", "--fix")
    assert "fixed" not in again.err


def test_a_choice_is_repaired(apm: Apm, repository: Path) -> None:
    before = change(repository, WORKFLOW, "formal: {type: boolean", "formal: {type: bolean")
    assert apm("validate", "--fix").code == 0
    assert (repository / WORKFLOW).read_text() == before


def test_quotes_are_added_where_a_text_is_meant(apm: Apm, repository: Path) -> None:
    change(repository, AGENT, "metadata: {name: greeter", "metadata: {labels: {a: 1.10, b: yes}, name: greeter")
    result = apm("validate", "--fix")
    assert result.code == 0, result.out
    assert 'labels: {a: "1.10", b: "yes"}' in (repository / AGENT).read_text()


def test_a_boolean_is_repaired_where_one_is_meant(apm: Apm, repository: Path) -> None:
    before = change(repository, "specs/environments/local.yaml", "deployed: false", "deployed: no")
    result = apm("validate", "--fix")
    assert (result.code, "no -> false" in result.err) == (0, True), result.out
    assert (repository / "specs/environments/local.yaml").read_text() == before


def test_what_may_be_a_text_or_a_boolean_is_left_to_a_person(apm: Apm, repository: Path) -> None:
    change(repository, WORKFLOW, "set: {sent: true}", "set: {sent: yes}")
    assert apm("validate", "--fix").code == 1
    assert "set: {sent: yes}" in (repository / WORKFLOW).read_text()


def test_a_key_that_is_there_already_is_not_written_twice(apm: Apm, repository: Path) -> None:
    change(repository, WORKFLOW, "      with: {guest", "      whit: {}\n      with: {guest")
    assert apm("validate", "--fix").code == 1
    assert "      whit: {}\n" in (repository / WORKFLOW).read_text()


def test_what_a_later_stage_finds_is_repaired_too(apm: Apm, repository: Path) -> None:
    before = change(repository, WORKFLOW, "agent: greeter", "agent: greter")
    change(repository, WORKFLOW, "      with: {guest", "      whit: {guest")
    result = apm("validate", "--fix")
    assert result.code == 0
    assert [line.split(": ")[1] for line in result.err.splitlines() if line.startswith("fixed")] == [
        "whit -> with",
        "greter -> greeter",
    ]
    assert (repository / WORKFLOW).read_text() == before


def test_only_what_is_below_the_paths_is_repaired(apm: Apm, repository: Path) -> None:
    change(repository, WORKFLOW, "agent: greeter", "agent: greter")
    assert apm("validate", "--fix", "specs/agents").code == 0
    assert "agent: greter" in (repository / WORKFLOW).read_text()


def test_json_says_the_repair(apm: Apm, repository: Path) -> None:
    change(repository, WORKFLOW, "agent: greeter", "agent: greter")
    (problem,) = json.loads(apm("validate", "--format", "json").out)["problems"]
    fix = problem["fix"]
    assert (fix["file"], fix["line"], fix["column"], fix["length"]) == (
        WORKFLOW, problem["line"], problem["column"], len("greter"),
    )  # fmt: skip
    assert fix["replacement"] == "greeter"


def test_a_unit_that_is_missing_is_left_to_a_person(apm: Apm, repository: Path) -> None:
    change(repository, WORKFLOW, "agent: greeter", "agent: greeter\n      timeout: 30")
    result = apm("validate", "--fix")
    assert result.code == 1
    assert "write its unit, such as 30s" in result.out
    assert "      timeout: 30\n" in (repository / WORKFLOW).read_text()


def test_tests_do_not_follow_a_slip_in_their_workflow(apm: Apm, repository: Path) -> None:
    tests = {path: path.read_bytes() for path in (repository / "specs/tests").iterdir()}
    change(repository, WORKFLOW, "id: write", "id: wrte")
    result = apm("validate", "--fix")
    assert (result.code, 'did you mean "wrte"?' in result.out) == (1, True)
    assert {path: path.read_bytes() for path in tests} == tests
