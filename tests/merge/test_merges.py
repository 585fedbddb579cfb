"""Two branches, merged by git itself: what conflicts in rendered/, what does not, and how it is resolved."""

from pathlib import Path

import pytest

from tests.diff.conftest import Repository

ATTRIBUTES = Path("generator/templates/init/.gitattributes")
WORKFLOW = "specs/workflows/hello.yaml"

OWN = """\
apiVersion: apm/v1
kind: Agent
metadata: {{name: {name}}}
spec:
  role: clerk
  instructions: prompts/greeter.md
  model: default
  output:
    type: object
    additionalProperties: false
    required: [greeting]
    properties: {{greeting: {{type: string}}}}
---
apiVersion: apm/v1
kind: Workflow
metadata: {{name: {name}}}
spec:
  input: {{type: object, required: [guest], properties: {{guest: {{type: string}}}}}}
  state: {{greeting: {{type: string}}}}
  output: {{greeting: "${{state.greeting}}"}}
  steps:
    - id: ask
      agent: {name}
      with: {{guest: "${{input.guest}}"}}
      save: {{greeting: "${{output.greeting}}"}}
---
apiVersion: apm/v1
kind: Runtime
metadata: {{name: {name}}}
spec:
  image: {{name: apm-runtime, digest: "sha256:{digest}"}}
  workflows: [{name}]
  stateStore: main
  apiKeys: apm-api-keys/keys
"""


def add(repository: Repository, name: str) -> None:
    """Add an agent, a workflow and a runtime that serves it, in one file."""
    (repository.folder / f"specs/agents/{name}.yaml").write_text(OWN.format(name=name, digest="0" * 64))


def branch(repository: Repository, name: str) -> None:
    """Begin a branch at main."""
    repository.git("checkout", "-q", "-b", name, "main")


def conflicts(repository: Repository) -> list[str]:
    """Return the paths that a merge left in conflict."""
    return repository.git("diff", "--name-only", "--diff-filter=U").split()


def settled(repository: Repository) -> None:
    """Hold rendered/ to what the specs say."""
    result = repository.apm("render", "--check", "--no-cache")
    assert result.code == 0, result.out
    assert "<<<<<<<" not in "".join(p.read_text() for p in (repository.folder / "rendered").rglob("*") if p.is_file())


@pytest.mark.parametrize(("one", "other"), [("alpha", "beta"), ("beta", "alpha"), ("greet", "zulu")])
def test_branches_that_add_different_specs_never_conflict(repository: Repository, one: str, other: str) -> None:
    for name in (one, other):
        branch(repository, name)
        add(repository, name)
        repository.commit(name)
    repository.git("merge", "-q", "-m", "Both", one)
    assert repository.apm("render").code == 0
    changed = repository.git("diff", "--name-only").split()
    assert changed in ([], ["rendered/production/docs/HANDOVER.md"]), "only the order of rows may differ"
    settled(repository)


def test_without_the_attributes_only_the_handover_conflicts(repository: Repository) -> None:
    (repository.folder / ".gitattributes").unlink()
    repository.commit("No attributes")
    for name in ("alpha", "beta"):
        branch(repository, name)
        add(repository, name)
        repository.commit(name)
    repository.git("merge", "-q", "alpha", fails=True)
    assert conflicts(repository) == ["rendered/production/docs/HANDOVER.md"]
    assert repository.apm("render").code == 0
    settled(repository)


def test_branches_that_change_different_specs_of_one_runtime_merge(repository: Repository) -> None:
    add(repository, "other")
    repository.edit("specs/runtime.yaml", "workflows: [hello]", "workflows: [hello, other]")
    repository.commit("Two workflows in one runtime")
    branch(repository, "one")
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 4000")
    repository.commit("One")
    branch(repository, "two")
    repository.edit("specs/agents/other.yaml", "role: clerk", "role: writer")
    repository.commit("Two")
    repository.git("merge", "-q", "-m", "Both", "one")
    settled(repository)


def both_change(repository: Repository) -> None:
    """Make two branches change different lines of one spec, and stand on the second."""
    branch(repository, "one")
    repository.edit(WORKFLOW, "maxTokens: 5000", "maxTokens: 4000")
    repository.commit("One")
    branch(repository, "two")
    repository.edit(WORKFLOW, "description: Mark it as sent", "description: Sent")
    repository.commit("Two")


def test_for_one_owner_render_resolves_what_git_can_not(repository: Repository) -> None:
    both_change(repository)
    repository.git("merge", "-q", "one", fails=True)
    found = conflicts(repository)
    assert found
    assert all(path.startswith("rendered/") for path in found)
    assert "<<<<<<<" in (repository.folder / found[0]).read_text()
    assert repository.apm("render", "--check").code == 3
    assert repository.apm("render").code == 0
    settled(repository)
    repository.git("add", "rendered")
    repository.git("commit", "-q", "-m", "Both")
    assert repository.git("status", "--porcelain") == ""


def test_with_the_merge_driver_nothing_in_rendered_conflicts(repository: Repository) -> None:
    repository.git("config", "merge.apm.name", "rendered/ is rendered anew after the merge")
    repository.git("config", "merge.apm.driver", "true")
    both_change(repository)
    repository.git("merge", "-q", "-m", "Both", "one")
    assert repository.apm("render", "--check").code == 3, (
        "what git left is one side's; apm says so until it is rendered"
    )
    assert repository.apm("render").code == 0
    settled(repository)


def test_a_conflict_in_specs_is_said_as_such_and_nothing_is_written(repository: Repository) -> None:
    for name, tokens in (("one", "4000"), ("two", "3000")):
        branch(repository, name)
        repository.edit(WORKFLOW, "maxTokens: 5000", f"maxTokens: {tokens}")
        repository.commit(name)
    repository.git("merge", "-q", "one", fails=True)
    before = {p: p.read_bytes() for p in (repository.folder / "rendered").rglob("*") if p.is_file()}
    result = repository.apm("render")
    assert result.code == 1
    assert WORKFLOW in result.out
    assert {p: p.read_bytes() for p in (repository.folder / "rendered").rglob("*") if p.is_file()} == before


def test_one_side_deletes_what_the_other_changes(repository: Repository) -> None:
    add(repository, "other")
    repository.commit("Other")
    branch(repository, "gone")
    (repository.folder / "specs/agents/other.yaml").unlink()
    repository.commit("Gone")
    branch(repository, "kept")
    repository.edit("specs/agents/other.yaml", "role: clerk", "role: writer")
    repository.commit("Kept")
    repository.git("merge", "-q", "gone", fails=True)
    repository.git("rm", "-q", "specs/agents/other.yaml")
    assert repository.apm("render", "--allow-delete", "50").code == 0
    settled(repository)
    assert not list((repository.folder / "rendered").rglob("*other*"))


def test_a_conflicted_file_whose_owner_is_gone_is_deleted(repository: Repository) -> None:
    add(repository, "other")
    repository.commit("Other")
    for name in ("one", "two"):
        branch(repository, name)
        repository.edit("specs/agents/other.yaml", "role: clerk", f"role: {name}")
        repository.commit(name)
    repository.git("merge", "-q", "one", fails=True)
    left = next(path for path in conflicts(repository) if path.startswith("rendered/"))
    assert (repository.folder / left).read_text().startswith("<<<<<<< ")
    repository.git("rm", "-qf", "specs/agents/other.yaml")
    assert repository.apm("render", "--check").code == 3
    assert repository.apm("render", "--allow-delete", "50").code == 0
    assert not (repository.folder / left).exists()
    settled(repository)


def test_what_init_writes_marks_rendered_files_as_generated() -> None:
    text = ATTRIBUTES.read_text()
    assert "rendered/** linguist-generated=true merge=apm\n" in text
    assert "rendered/*/docs/HANDOVER.md merge=union\n" in text
