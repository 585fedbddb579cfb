"""Commands that only show something show it, whatever is wrong elsewhere in the specs."""

from pathlib import Path

import pytest

from tests.cli.conftest import Apm

NOTICE = "1 error in the specs: "
WORKFLOW = """\
apiVersion: apm/v1
kind: Workflow
metadata: {name: other}
spec:
  input: {type: object}
  state: {text: {type: string}}
  output: {text: "${state.text}"}
  steps:
    - {id: route, switch: [{when: 'state.txt == ""', then: nowhere}], default: end}
"""
DUTY = """\
apiVersion: apm/v1
kind: Maintenance
metadata: {name: NAME}
spec: {schedule: {cron: "CRON", timeZone: ZONE}, lastDone: "2024-01-05", summary: Late, instructions: review.md}
"""


@pytest.fixture
def broken(repository: Path) -> Path:
    """A file that is no YAML, and holds a workflow that the runtime does not name."""
    path = repository / "specs/workflows/other.yaml"
    path.write_text(WORKFLOW.replace("{type: object}", "{type: object"))
    return path


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("graph", "hello"), "flowchart TD"),
        (("graph", "hello", "--format", "svg"), "<svg"),
        (("graph", "--system"), '"hello (Workflow)"'),
        (("explain", "workflow", "hello"), "hello, one run at most:"),
        (("explain", "specs/models.yaml:4"), "rendered/production/runtime/"),
    ],
)
def test_an_error_in_another_file_is_one_line(apm: Apm, arguments: tuple[str, ...], shown: str) -> None:
    told = apm(*arguments)
    assert (told.code, shown in told.out) == (0, True), told
    assert told.err.startswith(NOTICE)
    assert told.err.endswith(" validate\n")
    assert told.err.count("\n") == 1
    assert apm("-q", *arguments).err == ""


def test_what_can_not_be_read_is_drawn_where_it_is_used(apm: Apm, broken: Path, repository: Path) -> None:
    runtime = repository / "specs/runtime.yaml"
    runtime.write_text(runtime.read_text().replace("workflows: [hello]", "workflows: [hello, other]"))
    drawn = apm("graph", "--system", "--format", "svg").out
    assert "<title>Workflow/other</title>" in drawn
    assert "<title>Runtime/agents uses Workflow/other</title>" in drawn


def test_of_what_can_not_be_read_itself_is_said_why(apm: Apm, broken: Path) -> None:
    for asked in (("graph", "other"), ("explain", "workflow", "other"), ("explain", "specs/workflows/other.yaml:3")):
        told = apm(*asked)
        assert told.code == 1
        assert told.out.startswith("specs/workflows/other.yaml:6:")
        assert "[yaml-syntax]" in told.out


def test_a_workflow_with_an_error_is_drawn_as_far_as_it_goes(apm: Apm, broken: Path) -> None:
    broken.write_text(WORKFLOW)
    drawn = apm("graph", "other")
    assert (drawn.code, drawn.err[:2]) == (0, "2 ")
    assert '"nowhere (no such step)"' in drawn.out
    assert apm("explain", "workflow", "other").code == 0


def test_what_nobody_has_written_is_still_unknown(apm: Apm, broken: Path) -> None:
    for asked in (("graph", "othr"), ("explain", "workflow", "othr")):
        told = apm(*asked)
        assert (told.code, told.out) == (1, "")
        assert 'there is no workflow "othr"' in told.err
        assert 'did you mean "other"?' in told.err


def test_what_can_not_be_resolved_is_left_out_and_named(apm: Apm, repository: Path) -> None:
    agent = repository / "specs/agents/greeter.yaml"
    agent.write_text(agent.read_text().replace("model: default", "model: defalt"))
    told = apm("explain", "specs/models.yaml:4")
    assert told.code == 0, told
    left = "left out, as they can't be resolved: Runtime agents, Agent greeter, WorkflowTest hello, Workflow hello\n"
    assert told.err.split("\n", 1)[1] == left
    lost = apm("explain", "specs/runtime.yaml:4")
    assert lost.code == 1
    assert lost.out.startswith("specs/agents/greeter.yaml:")


def test_a_repository_without_specs_is_told_how_to_begin(apm: Apm, repository: Path) -> None:
    for path in sorted((repository / "specs").rglob("*.yaml")):
        path.unlink()
    told = apm("graph", "--system")
    assert (told.code, "[no-specs]" in told.out) == (1, True)


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("0 25 * * *", "Europe/Berlin"), ("0 9 31 2 *", "Europe/Berlin"), ("0 9 1 * *", "Europe/Berln")],
    ids=["no schedule", "never", "no zone"],
)
def test_a_duty_of_which_nobody_knows_when_it_is_due_counts_as_open(
    apm: Apm, repository: Path, cron: str, zone: str
) -> None:
    good = DUTY.replace("CRON", "0 9 1 1 *").replace("2024-01-05", "2126-01-05").replace("ZONE", "Etc/UTC")
    bad = DUTY.replace("CRON", cron).replace("ZONE", zone)
    (repository / "specs/duties.yaml").write_text(
        "---\n".join(
            [
                good.replace("NAME", "audit"),
                bad.replace("NAME", "drill"),
                "kind: Maintenance\nmetadata: {name: review}\n",
            ]
        )
    )
    (repository / "specs/review.md").write_text("Look.\n")
    told = apm("duties")
    assert [line.split()[:2] for line in told.out.splitlines()] == [
        ["drill", "unknown"], ["review", "unknown"], ["audit", "ok"],
    ]  # fmt: skip
    assert told.code == 1
    assert "errors in the specs" in told.err
