"""`apm diff` in real git repositories: what it compares with, how it ends, and that every refusal is a sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Result
from tests.diff.conftest import Repository

WORKFLOW = "specs/workflows/hello.yaml"


def changes(result: Result) -> list[dict[str, Any]]:
    """Return the changes of a JSON report."""
    assert result.code == 0, result.err
    return json.loads(result.out)["changes"]


def test_nothing_changes_where_nothing_was_changed(repository: Repository) -> None:
    result = repository.apm("diff")
    assert (result.code, result.out.splitlines()[-1]) == (0, "nothing changes")


def test_a_changed_budget_is_a_field_of_the_workflow_and_a_risk(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    found = changes(repository.apm("diff", "--format", "json"))
    workflow = next(change for change in found if change["owner"]["kind"] == "workflow")
    assert workflow["fields"] == [{"path": 'data["hello.yaml"].budget.maxTokens', "old": 5000, "new": 9000}]
    assert [mark["risk"] for mark in workflow["marks"]] == ["budget-raised"]
    others = [change for change in found if change is not workflow and change["kind"] != "File"]
    assert {change["kind"] for change in others} == {"Deployment"}
    assert all(change["fields"] == [] and change["follows"] for change in others)


def test_it_does_not_matter_whether_it_was_rendered_first(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    before = repository.apm("diff", "--format", "json")
    assert repository.apm("render").code == 0
    assert repository.apm("diff", "--format", "json") == before


def test_diff_writes_nothing(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    status = repository.git("status", "--porcelain")
    assert repository.apm("diff", "--from-specs").code == 0
    assert repository.git("status", "--porcelain") == status


def test_gate_fails_only_for_the_risks_it_names(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    assert repository.apm("diff").code == 0
    assert repository.apm("diff", "--fail-on", "delete").code == 0
    assert repository.apm("diff", "--fail-on", "delete", "--fail-on", "budget-raised").code == 1
    assert repository.apm("diff", "--fail-on", "any").code == 1
    wrong = repository.apm("diff", "--fail-on", "budget-rised")
    assert wrong.code == 2
    assert 'did you mean "budget-raised"?' in wrong.err


def test_three_dots_compare_with_where_the_branch_began(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "feature")
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 4000")
    repository.commit("Cheaper")
    repository.git("checkout", "-q", "main")
    repository.edit("specs/runtime.yaml", "name: apm-runtime", "name: other-runtime")
    repository.commit("Another image on main")
    repository.git("checkout", "-q", "feature")
    tip, base = (changes(repository.apm("diff", ref, "--format", "json")) for ref in ("main", "main..."))
    assert any(mark["risk"] == "image-moved" for change in tip for mark in change["marks"])
    assert not any(mark["risk"] == "image-moved" for change in base for mark in change["marks"])
    assert any(change["owner"]["name"] == "hello" for change in base)


def test_a_removed_environment_deletes_all_its_objects(repository: Repository) -> None:
    shutil.copy(
        repository.folder / "specs/environments/production.yaml", repository.folder / "specs/environments/test.yaml"
    )
    repository.edit("specs/environments/test.yaml", "name: production", "name: test")
    repository.commit("Two environments")
    (repository.folder / "specs/environments/test.yaml").unlink()
    found = changes(repository.apm("diff", "--env", "test", "--format", "json"))
    assert {change["environment"] for change in found} == {"test"}
    assert {change["change"] for change in found} == {"deleted"}
    assert len({change["kind"] for change in found}) > 5


def test_what_the_commit_holds_counts_even_where_somebody_edited_it(repository: Repository) -> None:
    path = next((repository.folder / "rendered/production/runtime").glob("runtime.*.yaml"))
    path.write_text(path.read_text().replace("replicas: 1", "replicas: 3"))
    repository.git("commit", "-q", "-a", "-m", "By hand")
    found = changes(repository.apm("diff", "--format", "json"))
    assert [field for change in found for field in change["fields"]] == [{"path": "spec.replicas", "old": 3, "new": 1}]
    assert changes(repository.apm("diff", "--from-specs", "--format", "json")) == []


def test_a_commit_without_rendered_files_has_its_specs_rendered(repository: Repository) -> None:
    repository.git("rm", "-rq", "--cached", "rendered")
    repository.git("commit", "-q", "-m", "Not committed any more")
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    result = repository.apm("diff", "--format", "json")
    assert json.loads(result.out)["base"].startswith("specs of ")
    assert "budget-raised" in json.loads(result.out)["risks"]


def test_conflict_markers_on_the_old_side_are_text_and_no_crash(repository: Repository) -> None:
    path = next((repository.folder / "rendered/production/runtime").glob("runtime.*.yaml"))
    path.write_text(
        path.read_text().replace("kind: Deployment\n", "<<<<<<< ours\nkind: Deployment\n=======\n>>>>>>> theirs\n", 1)
    )
    repository.git("commit", "-q", "-a", "-m", "A bad merge")
    found = changes(repository.apm("diff", "--format", "json"))
    assert {change["kind"] for change in found} >= {"Deployment", "File"}


def test_a_repository_below_the_root_of_git(first: Path, tmp_path: Path) -> None:
    top = Repository(tmp_path / "top")
    shutil.copytree(first, top.folder / "systems/small", ignore=shutil.ignore_patterns(".git"))
    top.git("init", "-q")
    top.git("add", "-A")
    top.git("commit", "-q", "-m", "Start")
    below = Repository(top.folder / "systems/small")
    below.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    for more in ((), ("--from-specs",)):
        assert json.loads(below.apm("diff", "--format", "json", *more).out)["risks"] == {"budget-raised": 1}


# --- refusals -------------------------------------------------------------------------------------------------------


def refused(result: Result, *says: str) -> None:
    """Hold a result to an error of one sentence."""
    assert result.code == 1
    assert result.err.startswith("error: ")
    assert "apm itself failed" not in result.err
    for text in says:
        assert text in result.err


def test_outside_of_git(repository: Repository) -> None:
    shutil.rmtree(repository.folder / ".git")
    refused(repository.apm("diff"), "is not in a git repository", "git init")


def test_before_the_first_commit(repository: Repository) -> None:
    shutil.rmtree(repository.folder / ".git")
    repository.git("init", "-q")
    refused(repository.apm("diff"), "there is no commit yet")


@pytest.mark.parametrize("ref", ["nosuch", "origin/main", "nosuch...", "-x", "--all", "HEAD^{tree}", ":/", "a b", ""])
def test_a_ref_that_is_not_there(repository: Repository, ref: str) -> None:
    refused(repository.apm("diff", "--", ref), "there is no commit")


def test_a_remote_branch_that_was_not_fetched_says_how(repository: Repository) -> None:
    refused(repository.apm("diff", "origin/main"), "git fetch origin main")


def test_a_shallow_clone_says_what_is_missing(repository: Repository, tmp_path: Path) -> None:
    repository.git("commit", "-q", "--allow-empty", "-m", "Second")
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.folder}", str(tmp_path / "shallow"))
    refused(Repository(tmp_path / "shallow").apm("diff", "HEAD~1"), "shallow", "fetch-depth: 0")


def test_a_commit_without_specs(repository: Repository) -> None:
    repository.git("checkout", "-q", "--orphan", "empty")
    repository.git("rm", "-rqf", "--cached", ".")
    repository.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    refused(repository.apm("diff", "empty"), "empty has no specs")


def test_a_commit_with_specs_that_are_not_valid(repository: Repository) -> None:
    name = "specs/agents/greeter.yaml"
    repository.edit(name, "model: default", "model: other")
    repository.git("commit", "-q", "-a", "-m", "Broken")
    lines = (repository.folder / name).read_text().splitlines()
    place = f"{name}:{lines.index('  model: other') + 1}:10"
    repository.edit(name, "model: other", "model: default")
    refused(repository.apm("diff", "--from-specs"), "are not valid for this apm", place)
    assert repository.apm("diff").code == 0


def test_specs_here_that_are_not_valid_are_problems(repository: Repository) -> None:
    repository.edit("specs/agents/greeter.yaml", "model: default", "model: other")
    result = repository.apm("diff")
    assert result.code == 1
    assert "unknown Model" in result.out
    assert "nothing was compared" in result.err


def test_an_environment_that_is_nowhere(repository: Repository) -> None:
    refused(repository.apm("diff", "--env", "produktion"), 'did you mean "production"?')
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    assert {
        change["environment"] for change in changes(repository.apm("diff", "--env", "production", "--format", "json"))
    } == {"production"}


def test_without_git(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    from generator.diff import git
    from generator.problems import Failure

    monkeypatch.setenv("PATH", str(repository.folder))
    with pytest.raises(Failure, match="git is not installed"):
        git.commit(repository.folder, "HEAD")


def test_two_copies_of_one_repository_differ_in_nothing(copy: Callable[[str], Repository]) -> None:
    one, other = copy("one"), copy("other")
    for each in (one, other):
        each.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    reports = {each.apm("diff", "--format", form).out for each in (one, other) for form in ("markdown",)}
    assert len(reports) == 1
