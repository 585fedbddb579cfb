"""MCP servers that go wrong: programs (started without a shell, ended with the call), and servers behind an address."""

import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from runtime.contract import McpCall, ToolDocument, WorkflowDocument
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


@pytest.fixture
def address() -> Generator[str]:
    """The same server behind an address; connections wait in the socket until it has started."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port, number = listening.getsockname()[1], listening.fileno()
        process = subprocess.Popen([sys.executable, SERVER, str(number)], pass_fds=[number])
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def remote(address: str, tool: str, timeout: str = "30s") -> ToolDocument:
    return ToolDocument(name=tool, effect="read", mcp=McpCall(url=address, tool=tool), timeout=timeout)


@pytest.mark.parametrize(
    ("tool", "patience", "type_"),
    [
        ("broken", "60s", "rejected"),
        ("flood", "60s", "invalid-output"),
        ("crash", "60s", "unavailable"),
        ("hang", "5s", "timeout"),
    ],
)
async def test_a_server_that_goes_wrong_is_a_problem(address: str, tool: str, patience: str, type_: str) -> None:
    calls = McpCalls({})
    assert await calls.call(remote(address, "add"), {"a": 2, "b": 3}) == {"sum": 5}
    with pytest.raises(StepError) as caught:
        await calls.call(remote(address, tool, patience), {})
    assert caught.value.problem.type == type_
