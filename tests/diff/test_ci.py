"""`apm ci` is one command with one exit code, and the CI files of `apm init` call it as it is."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.cli.conftest import Result
from tests.diff.conftest import IDENTITY, Repository

WORKFLOW = "specs/workflows/hello.yaml"
TEMPLATES = Path("generator/templates/init")


def stages(result: Result) -> dict[str, bool]:
    """Return which stages ran, and whether they passed."""
    rows = re.findall(r"^(ok  |FAIL)  ([a-z -]+): ", result.err, re.MULTILINE)
    return {name: word == "ok  " for word, name in rows if name in (*NAMES, "codeowners --check")}


NAMES = ("validate", "test", "render --check", "diff")


def test_a_fresh_repository_passes(repository: Repository) -> None:
    result = repository.apm("ci")
    assert (result.code, stages(result)) == (0, dict.fromkeys(NAMES, True)), result.err


def test_bad_specs_are_exit_1_and_stop_what_needs_them(repository: Repository) -> None:
    repository.edit("specs/agents/greeter.yaml", "model: default", "model: other")
    result = repository.apm("ci")
    assert (result.code, stages(result)) == (1, {"validate": False})
    assert "unknown Model" in result.out


def test_stale_rendered_files_are_exit_3(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    result = repository.apm("ci", "--format", "github")
    assert (result.code, stages(result)) == (3, {**dict.fromkeys(NAMES, True), "render --check": False})
    assert "::error file=rendered/production/runtime/" in result.out
    assert "title=rendered-differs" in result.out


def test_a_refused_risk_wins_over_stale_files(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    result = repository.apm("ci", "--base", "HEAD", "--fail-on", "budget-raised")
    assert (result.code, stages(result)["diff"], stages(result)["render --check"]) == (1, False, False)


def test_a_failing_test_of_a_workflow_is_exit_1(repository: Repository) -> None:
    repository.edit(WORKFLOW, "set: {sent: true}", "set: {sent: false}")
    assert repository.apm("render").code == 0
    result = repository.apm("ci")
    assert (result.code, stages(result)["test"]) == (1, False), result.err


def test_all_findings_are_one_document_for_machines(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    result = repository.apm("ci", "--base", "HEAD", "--format", "sarif")
    rules = {found["ruleId"] for found in json.loads(result.out)["runs"][0]["results"]}
    assert rules == {"rendered-differs", "budget-raised"}
    found = json.loads(repository.apm("ci", "--base", "HEAD", "--format", "json", "--fail-on", "any").out)["problems"]
    assert {p["severity"] for p in found if p["code"] == "budget-raised"} == {"error"}


def test_the_comment_is_the_diff_in_markdown(repository: Repository) -> None:
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    assert repository.apm("ci", "--base", "HEAD", "--comment", "comment.md").code == 3
    expected = repository.apm("diff", "HEAD", "--format", "markdown").out
    assert (repository.folder / "comment.md").read_text() == expected


def test_a_base_that_is_not_there_is_said(repository: Repository) -> None:
    result = repository.apm("ci", "--base", "origin/nosuch...")
    assert result.code == 1
    assert "there is no commit" in result.err


# --- what `apm init` writes -----------------------------------------------------------------------------------------


def cloned(repository: Repository, folder: Path) -> Repository:
    """Return a clone with a branch on which a budget was raised, as CI checks it out."""
    repository.git("clone", "-q", str(repository.folder), str(folder))
    found = Repository(folder)
    found.git("checkout", "-q", "-b", "feature")
    found.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 9000")
    found.commit("More")
    return found


def shell(repository: Repository, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a CI file; `apm` is this apm."""
    tools = repository.folder.parent / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "apm").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m generator "$@"\n')
    (tools / "apm").chmod(0o755)
    env = {**IDENTITY, "PATH": f"{tools}:{os.environ['PATH']}", **more}
    return subprocess.run(
        ["bash", "-ec", script], cwd=repository.folder, env=env, capture_output=True, text=True, check=False
    )


def test_the_steps_for_github_compare_with_the_target_branch(repository: Repository, tmp_path: Path) -> None:
    steps = yaml.safe_load((TEMPLATES / ".github/workflows/apm.yml").read_text())["jobs"]["ci"]["steps"]
    assert next(step for step in steps if "checkout" in step.get("uses", ""))["with"]["fetch-depth"] == 0
    (line,) = [step["run"] for step in steps if step.get("run", "").startswith("apm ")]
    clone = cloned(repository, tmp_path / "clone")
    done = shell(clone, line, GITHUB_ACTIONS="true", GITHUB_BASE_REF="main")
    assert done.returncode == 0, done.stderr
    assert "title=budget-raised" in done.stdout
    assert "budget-raised" in (clone.folder / "comment.md").read_text()


def test_the_job_for_gitlab_compares_with_the_target_branch(repository: Repository, tmp_path: Path) -> None:
    job: dict[str, Any] = yaml.safe_load((TEMPLATES / ".gitlab-ci.yml").read_text())["apm"]
    clone = cloned(repository, tmp_path / "clone")
    base = clone.git("merge-base", "origin/main", "HEAD").strip()
    (line,) = job["script"]
    done = shell(clone, line, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 0, done.stderr
    assert "budget-raised" in (clone.folder / "comment.md").read_text()
    assert shell(clone, "\n".join(job["after_script"])).returncode == 0, "without a token nothing is sent"


def test_no_file_installs_the_stranger_that_is_called_apm_in_the_public_index() -> None:
    for name in (".github/workflows/apm.yml", ".gitlab-ci.yml"):
        installs = re.findall(r"pip install (.*)", (TEMPLATES / name).read_text())
        assert installs
        assert all(re.match(r'"apm\[\w+\] @ git\+https://', line) for line in installs)


def test_the_hooks_pass_and_refuse(repository: Repository, tmp_path: Path) -> None:
    hooks = yaml.safe_load((TEMPLATES / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    clone = cloned(repository, tmp_path / "clone")
    assert [shell(clone, hook["entry"]).returncode for hook in hooks] == [0, 0]
    clone.edit(WORKFLOW, "maxTokens: 9000", "maxTokens: 8000")
    assert [shell(clone, hook["entry"]).returncode for hook in hooks] == [3, 3]


def test_a_manifest_that_no_spec_says_is_exit_3_and_a_risk(repository: Repository) -> None:
    path = repository.folder / "rendered/production/policy/zz.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mine\n")
    result = repository.apm("ci", "--base", "HEAD", "--format", "github")
    assert (result.code, stages(result)) == (3, {**dict.fromkeys(NAMES, True), "render --check": False}), result.err
    assert "file=rendered/production/policy/zz.yaml,line=1,col=1,title=foreign-manifest" in result.out
    assert "foreign-manifest 1" in result.err
    refused = repository.apm("ci", "--base", "HEAD", "--fail-on", "foreign-manifest")
    assert refused.code == 1
    assert "+ ConfigMap mine" in refused.out
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "By hand")
    assert repository.apm("diff").out.splitlines()[-1] == "nothing changes"
    assert repository.apm("ci").code == 3
    path.unlink()
    gone = repository.apm("diff", "--format", "json")
    assert [(c["change"], c["name"]) for c in json.loads(gone.out)["changes"]] == [("deleted", "mine")]


def test_a_link_in_rendered_is_not_followed_by_the_diff(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("token: hidden-away\n")
    (repository.folder / "rendered/prod2").mkdir()
    (repository.folder / "rendered/prod2/zz.yaml").symlink_to(tmp_path / "secret.yaml")
    for form in ("text", "json", "markdown", "sarif"):
        result = repository.apm("diff", "--format", form)
        assert "rendered/prod2/zz.yaml" in result.out
        assert "hidden-away" not in result.out + result.err
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "A link")
    assert repository.apm("diff").out.splitlines()[-1] == "nothing changes"
