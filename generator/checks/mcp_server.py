"""A tool names a program of the environment that the environment does not declare.

An MCP server that is a program (and no address) is declared by each Environment under `mcpServers`, since its path
belongs to the image that runs there; a tool names it with `server`.

Fix: correct the name, or declare the program in the environment that the message names.

Bad: `mcp: {server: tmie, tool: get_current_time}`

Good: `mcp: {server: time, tool: get_current_time}`, and in the Environment
`mcpServers: {time: {executable: mcp-server-time, args: [--local-timezone, Europe/Berlin]}}`
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, nearest
from generator.rules.strictness import environment_of


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each name where it stands."""
    environment = environment_of(catalogue)
    for tool in catalogue.all("Tool") if environment else ():
        name = tool.spec.mcp.server if tool.spec.mcp else None
        if environment and name is not None and name not in environment.spec.mcp_servers:
            message = f'the environment {environment.name} declares no MCP server "{name}"'
            hint = nearest(name, environment.spec.mcp_servers)
            yield tool.problem(("spec", "mcp", "server"), "mcp-server", message, hint)


CHECK = Check("mcp-server", run, each_environment=True)
