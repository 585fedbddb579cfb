"""`apm explain` of a rendered line names the spec lines that cause it; of a spec line, everything that it causes.

What it says is found by trying, so it is held to trying: the named line is really changed, and the rendered line has
to change."""

import re

import pytest

from generator.diff.documents import line_of
from generator.pipeline import check
from generator.provenance.causes import origin
from generator.provenance.effects import changes
from generator.provenance.probe import Probe, leaves
from tests.diff.conftest import Repository

RUNTIME = "rendered/production/runtime/runtime.agents.yaml"
WORKFLOW = "rendered/production/runtime/workflow.hello.yaml"


def line(repository: Repository, file: str, text: str) -> int:
    """Return the first line of a file that holds a text, from 1."""
    rows = (repository.folder / file).read_text().splitlines()
    return next(number for number, row in enumerate(rows, 1) if text in row)


def causes(repository: Repository, file: str, text: str) -> list[str]:
    """Return the places that `apm explain` names as causes, as file:line."""
    result = repository.apm("explain", f"{file}:{line(repository, file, text)}")
    assert result.code == 0, result.err
    rows = result.out[result.out.index("caused by") :].removeprefix("caused by").splitlines()
    return [match[1] for row in rows if (match := re.match(r"\s+((?:specs|policies)/\S+:\d+):\d+  ", row))]


def at(repository: Repository, file: str, text: str) -> str:
    """Return file:line of a text."""
    return f"{file}:{line(repository, file, text)}"


def test_an_image_comes_from_registry_name_and_digest(repository: Repository) -> None:
    assert causes(repository, RUNTIME, "image: ") == [
        at(repository, "specs/environments/production.yaml", "registry:"),
        at(repository, "specs/runtime.yaml", "name: apm-runtime"),
        at(repository, "specs/runtime.yaml", "digest:"),
    ]


def test_a_computed_value_is_traced_to_what_it_is_computed_from(repository: Repository) -> None:
    repository.edit("specs/runtime.yaml", "stateStore: main", "stateStore: main\n  grace: 60s")
    assert repository.apm("render").code == 0
    assert causes(repository, RUNTIME, "terminationGracePeriodSeconds: 75") == [
        at(repository, "specs/runtime.yaml", "grace:")
    ]


def test_an_overlay_is_the_cause_where_it_wins(repository: Repository) -> None:
    repository.edit("specs/runtime.yaml", "stateStore: main", "stateStore: main\n  grace: 60s")
    path = repository.folder / "specs/environments/production.yaml"
    path.write_text(path.read_text() + "  overlay:\n    Runtime:\n      agents:\n        grace: 90s\n")
    assert repository.apm("render").code == 0
    found = causes(repository, RUNTIME, "terminationGracePeriodSeconds: 105")
    assert found == [at(repository, "specs/environments/production.yaml", "grace: 90s")]
    said = repository.apm("explain", at(repository, "specs/runtime.yaml", "grace:")).out
    assert "production: nothing" in said


def test_a_line_of_a_prompt_is_found_in_its_file(repository: Repository) -> None:
    found = causes(repository, WORKFLOW, "Write one short greeting")
    assert "specs/agents/prompts/greeter.md:1" in found


def test_what_apm_writes_itself_is_said_to_be_so(repository: Repository) -> None:
    result = repository.apm("explain", f"{RUNTIME}:{line(repository, RUNTIME, 'readOnlyRootFilesystem')}")
    assert "caused by  apm itself: no value of the specs changes it" in result.out


def test_object_field_and_owner_are_named(repository: Repository) -> None:
    out = repository.apm("explain", f"{WORKFLOW}:{line(repository, WORKFLOW, 'maxTokens')}").out
    assert re.search(r"object +ConfigMap workflow-hello-[0-9a-f]{10} in \S+\n", out)
    assert re.search(r"field +data\.hello\.yaml\.budget\.maxTokens\n", out)
    assert "owner      workflow hello (specs/workflows/hello.yaml)" in out
    assert at(repository, "specs/workflows/hello.yaml", "maxTokens") in out


def test_what_is_named_as_a_cause_really_is_one(repository: Repository) -> None:
    """Change the text of the named line and render: the line that was asked about is another one."""
    number = line(repository, WORKFLOW, "maxTokens: 5000")
    (place,) = causes(repository, WORKFLOW, "maxTokens: 5000")
    file, row = place.split(":")
    rows = (repository.folder / file).read_text().splitlines(keepends=True)
    rows[int(row) - 1] = rows[int(row) - 1].replace("5000", "5001")
    (repository.folder / file).write_text("".join(rows))
    assert repository.apm("render").code == 0
    assert "maxTokens: 5001" in (repository.folder / WORKFLOW).read_text().splitlines()[number - 1]


# --- from the spec to what is rendered ------------------------------------------------------------------------------


def test_a_budget_causes_its_document_and_a_restart_in_every_environment(repository: Repository) -> None:
    text = (repository.folder / "specs/environments/production.yaml").read_text()
    (repository.folder / "specs/environments/test.yaml").write_text(text.replace("name: production", "name: test"))
    out = repository.apm("explain", at(repository, "specs/workflows/hello.yaml", "maxTokens")).out
    for environment in ("production", "test"):
        part = out.split(f"\n{environment}:\n")[1].split("\n  rendered/")
        assert f"  rendered/{environment}/runtime/workflow.hello.yaml: ConfigMap workflow-hello" in out
        assert any("Deployment agents-worker" in one and "names the new version" in one for one in part)
    assert 'data["hello.yaml"].budget.maxTokens' in out
    assert out.endswith("local: nothing is rendered there\n")


def test_a_prompt_causes_the_documents_of_workflows_that_use_it(repository: Repository) -> None:
    out = repository.apm("explain", "specs/agents/prompts/greeter.md").out
    assert 'data["hello.yaml"].agents.greeter.instructions' in out


def test_a_whole_file_causes_what_its_specs_cause(repository: Repository) -> None:
    out = repository.apm("explain", "specs/runtime.yaml").out
    assert "Runtime agents" in out.splitlines()[0]
    assert {"Deployment agents-api", "Deployment agents-worker", "Deployment agents-scheduler"} <= set(
        re.findall(r": (Deployment \S+)", out)
    )


def test_both_ways_agree(repository: Repository) -> None:
    """For every value of a Runtime: a field that it causes has it among its causes."""
    written = check(repository.folder).written
    probe = Probe(written)
    before = probe.rendered("production")
    assert before
    shown = 0
    for leaf in (leaf for spec in written.all("Runtime") for leaf in leaves(spec)):
        found, _ = changes(probe, "production", before, probe.trial([leaf]).tried)
        change = next((c for c in found if c.old and c.fields and c.object.kind != "File"), None)
        if change is None or change.old is None:
            continue
        where = f"rendered/{change.old.file}:{line_of(change.old, change.fields[0].path)}"
        said = "\n".join(origin(repository.folder, where, written))
        assert f"{leaf.place.file}:{leaf.place.line}:" in said, f"{leaf} at {where}:\n{said}"
        shown += 1
    assert shown >= 3


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("rendered/production/nosuch.yaml:3", "there is no file rendered/production/nosuch.yaml"),
        (f"{RUNTIME}:99999", "lines"),
        (f"{RUNTIME}:0", "lines"),
        ("rendered/../specs/runtime.yaml:3", "there is no file"),
        ("specs/nosuch.yaml:3", "there is no spec specs/nosuch.yaml"),
        ("specs/runtime.yaml:99999", "lines"),
        ("README/x", "there is no file README/x"),
    ],
)
def test_what_is_not_there_is_said(repository: Repository, what: str, says: str) -> None:
    result = repository.apm("explain", what)
    assert (result.code, "apm itself failed" in result.err) == (1, False)
    assert says in result.err


def test_a_file_of_somebody_else_is_said_to_be_so(repository: Repository) -> None:
    (repository.folder / "rendered/production/runtime/mine.yaml").write_text("a: 1\n")
    result = repository.apm("explain", "rendered/production/runtime/mine.yaml:1")
    assert result.code == 1
    assert "was not rendered by apm" in result.err


def test_with_broken_specs_the_owner_is_still_told(repository: Repository) -> None:
    repository.edit("specs/agents/greeter.yaml", "model: default", "model: other")
    result = repository.apm("explain", f"{RUNTIME}:10")
    assert result.code == 0
    assert "owner      runtime agents (specs/runtime.yaml)" in result.out
    assert "the specs have problems" in result.out


def test_a_stale_line_is_said_to_be_stale(repository: Repository) -> None:
    repository.edit("specs/workflows/hello.yaml", "maxTokens: 5000", "maxTokens: 9000")
    result = repository.apm("explain", f"{WORKFLOW}:{line(repository, WORKFLOW, 'maxTokens')}")
    assert "the specs say something else now; run `apm render` first" in result.out


def test_header_and_separator_belong_to_the_file(repository: Repository) -> None:
    for number in (1, 2):
        result = repository.apm("explain", f"{RUNTIME}:{number}")
        assert result.code == 0
        assert "object" not in result.out.split("owner")[0].replace("objects", "")
