"""MCP servers that are programs: started without a shell, ended with the call, whatever they do."""

import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.contract import WorkflowDocument
from runtime.problems import StepError
from runtime.services.mcp import McpCalls
from tests.runtime.conftest import World, workflow

SERVER = str(Path(__file__).with_name("mcp_server.py"))


def call(tool: str, timeout: str = "30s", command: tuple[str, ...] = (sys.executable, SERVER)) -> WorkflowDocument:
    mcp: dict[str, Any] = {"server": "test", "tool": tool}
    tools = {tool: {"name": tool, "effect": "read", "mcp": mcp, "command": list(command), "timeout": timeout}}
    arguments = {"a": 2, "b": 3} if tool == "add" else {}
    step = {"id": "s", "tool": tool, "with": arguments}
    return workflow('output: {all: "${steps.s.output}"}', steps=[step], tools=tools)


async def test_a_program_answers_a_call(world: World) -> None:
    assert (await world.run(call("add"))).output == {"all": {"sum": 5}}


@pytest.mark.parametrize(
    ("tool", "type_"),
    [("broken", "rejected"), ("crash", "unavailable"), ("flood", "invalid-output"), ("missing", "rejected")],
)
async def test_a_program_that_goes_wrong_is_a_problem_of_the_step(world: World, tool: str, type_: str) -> None:
    found = await world.run(call(tool))
    assert found.problem
    assert (found.problem.type, found.problem.instance) == (type_, "main/s")


async def test_a_program_that_is_not_there_is_a_problem_of_the_step(world: World) -> None:
    found = await world.run(call("add", command=("no-such-program",)))
    assert found.problem
    assert found.problem.type == "unavailable"


async def test_a_program_sees_no_secrets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APM_SECRET_MODEL", "s3cret")
    found = await world.run(call("surroundings"))
    assert "APM_SECRET_MODEL" not in str(found.output)
    assert "PATH" in str(found.output)


async def test_a_program_that_never_answers_is_ended() -> None:
    document = call("hang", timeout="2s")
    with pytest.raises(StepError) as caught:
        await McpCalls({}).call(document.tools["hang"], {})
    assert caught.value.problem.type == "timeout"
