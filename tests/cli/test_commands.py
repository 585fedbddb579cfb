"""Every command explains itself; wrong usage is 2; importing the generator stays light."""

import gc
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from generator import cli
from tests.cli.conftest import Apm, call


def test_an_option_that_looks_like_none_is_not_guessed(apm: Apm) -> None:
    assert "verbose" not in apm("diff", "--base", "main").err
    assert "--format" in apm("validate", "--fromat", "json").err


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("parallel.join", "Go on when all, any, or this many branches have ended"),
        ("switch.when", "CEL condition."),
        ("approval.required", "How many different people"),
        ("subAgents", "Agent.subAgents"),
        ("compensate", "Steps that undo this one"),
        ("budget.perDay.maxCost", "Workflow.budget.perDay.maxCost"),
        ("metadata", "owner"),
        ("metadata.owner", "owner"),
    ],
)
def test_fields_are_explained_by_any_end_of_their_path(apm: Apm, what: str, says: str) -> None:
    result = apm("explain", what)
    assert (result.code, result.err) == (0, "")
    assert says in result.out


@pytest.mark.parametrize("name", cli.SUMMARIES)
def test_each_command_has_a_help_text_with_an_example(name: str) -> None:
    command = cli.app.get_command(click.Context(cli.app), name)
    assert command is not None
    assert (command.epilog or "").startswith(f"Example: apm {name}"), name


@pytest.mark.parametrize("name", cli.SUMMARIES)
def test_the_list_of_commands_says_what_the_command_says(name: str) -> None:
    command = cli.app.get_command(click.Context(cli.app), name)
    assert command is not None
    assert (command.help or "").splitlines()[0] == cli.SUMMARIES[name]


@pytest.mark.parametrize("name", cli.SUMMARIES)
def test_only_commands_that_last_collect_their_garbage(name: str) -> None:
    gc.disable()
    try:
        CliRunner().invoke(cli.app, [name, "--help"])
        assert gc.isenabled() == (name in cli.LASTING)
    finally:
        gc.enable()


def test_wrong_usage_is_exit_2_and_names_the_nearest_command(apm: Apm) -> None:
    result = apm("rendr")
    assert result.code == 2
    assert 'did you mean "render"?' in result.err
    assert apm("render", "--nope").code == 2


def test_version_comes_from_the_package(apm: Apm) -> None:
    from importlib.metadata import version

    assert apm("version").out.strip() == f"apm {version('apm')}"


def test_completion_is_there_for_shells(apm: Apm) -> None:
    import os

    result = apm(env={**os.environ, "_APM_COMPLETE": "bash_source"})
    assert "complete" in result.out


def test_no_colour_where_there_is_no_terminal(apm: Apm) -> None:
    assert "\033" not in apm("--help").out


HEAVY = ("langgraph", "langchain_core", "pymongo", "httpx", "starlette")


@pytest.mark.parametrize(
    "module", ["generator.cli", "generator.pipeline", "runtime.contract", "runtime.steps", "runtime.telemetry"]
)
def test_importing_the_generator_loads_neither_langgraph_nor_pymongo(module: str) -> None:
    program = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_imports_no_model_library() -> None:
    program = (
        "import sys, generator.cli; print([m for m in ('pydantic', 'jinja2', 'yaml', 'ruamel') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("arguments", [("version",), ("explain", "yaml-syntax")])
def test_output_that_can_not_be_written_is_one_sentence(repository: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            cwd=repository, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "error: the output can't be written: No space left on device\n")


def test_quiet_and_verbose_are_understood_behind_the_command_too(apm: Apm) -> None:
    assert apm("validate").err == "no problems\n"
    assert apm("validate", "-q").err == apm("-q", "validate").err == ""
    assert apm("validate", "-v").code == 0
    assert apm("runs", "list", "-q").code in (0, 1)


def test_a_verb_is_explained_with_its_fields(apm: Apm) -> None:
    told = apm("explain", "approval").out
    assert "approval (step of a workflow)" in told
    assert "onTimeout (" in told
    assert "assignees (" in apm("explain", "approval.approval").out
    assert 'approval has no field "nope"' in apm("explain", "approval.nope").err
    assert 'did you mean "parallel"?' in apm("explain", "paralel").err


def test_the_whole_system_is_drawn(apm: Apm) -> None:
    drawn = apm("graph", "--system").out
    assert drawn.startswith("flowchart TD\n")
    ends = {line.split("[")[0].strip(): line.split('"')[1] for line in drawn.splitlines() if "[" in line}
    ways = {
        tuple(ends[end] for end in line.split(" --> "))
        for line in map(str.strip, drawn.splitlines())
        if " --> " in line
    }
    assert ("hello (Workflow)", "greeter (Agent)") in ways
    assert ("greeter (Agent)", "default (Model)") in ways
    svg = apm("graph", "--system", "--format", "svg").out
    assert "<title>Workflow/hello uses Agent/greeter</title>" in svg
    assert apm("graph").code == apm("graph", "hello", "--system").code == 2


def test_an_alert_is_explained_with_its_condition_and_runbook() -> None:
    told = call(Path(__file__).parents[2], "explain", "alert", "QueueBacklog")
    assert "warning, when this has held for 10m:" in told.out
    assert "max by (queue) (apm_queue_depth{namespace=" in told.out
    assert "## What to do" in told.out
    misspelt = call(Path(__file__).parents[2], "explain", "alert", "QueueBaklog")
    assert (misspelt.code, 'did you mean "QueueBacklog"?' in misspelt.err) == (1, True)


@pytest.mark.parametrize("below", ["", "/new"], ids=["itself", "below it"])
@pytest.mark.parametrize(
    "command", [("render", "--out"), ("import", "specs", "--out"), ("init",), ("schema", "--out")], ids=" ".join
)
def test_a_link_that_leads_to_itself_is_one_sentence(
    apm: Apm, tmp_path: Path, command: tuple[str, ...], below: str
) -> None:
    link = tmp_path / "circle"
    link.symlink_to(link)
    told = apm(*command, f"{link}{below}")
    assert told.code == 1
    assert f"error: {link}" in told.err
    assert "can't be used" in told.err
    assert "bug" not in told.err
