"""A server that others wrote is called as ours is: `mcp-server-time` of the project behind MCP, on stdio."""

import os
import subprocess
from typing import Any

import pytest

from tests.environments import programs
from tests.runtime.conftest import World, workflow


@pytest.fixture(scope="module")
def program() -> str:
    try:
        return str(programs("mcp-server-time") / "mcp-server-time")
    except (subprocess.CalledProcessError, OSError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"mcp-server-time could not be installed: {error}")


def call(program: str, tool: str, **arguments: str) -> Any:
    declared = {
        "name": tool,
        "effect": "read",
        "mcp": {"server": "time", "tool": tool},
        "command": [program, "--local-timezone", "Asia/Tokyo"],
        "timeout": "60s",
    }
    step = {"id": "s", "tool": tool, "with": arguments}
    return workflow('output: {all: "${steps.s.output}"}', steps=[step], tools={tool: declared})


async def test_its_answer_is_the_result_of_the_step(world: World, program: str) -> None:
    noon = {"source_timezone": "Asia/Tokyo", "time": "12:00", "target_timezone": "UTC"}
    found = await world.run(call(program, "convert_time", **noon))
    assert found.problem is None
    answer = found.output["all"]
    assert (answer["target"]["datetime"][11:], answer["time_difference"]) == ("03:00:00+00:00", "-9.0h")


async def test_its_arguments_are_those_of_the_environment(world: World, program: str) -> None:
    found = await world.run(call(program, "get_current_time", timezone="Asia/Tokyo"))
    assert found.problem is None
    assert found.output["all"]["datetime"].endswith("+09:00")


async def test_what_it_refuses_is_a_problem_of_the_step(world: World, program: str) -> None:
    found = await world.run(call(program, "get_current_time", timezone="Atlantis/Capital"))
    assert found.problem
    assert (found.problem.type, "Atlantis" in found.problem.detail) == ("rejected", True)
