"""An MCP server made with the official SDK that can go wrong: on stdio, or on the listening socket that is named."""

import os
import socket
import sys
import time

from mcp.server.mcpserver import MCPServer

server = MCPServer("test")


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    """Add."""
    return {"sum": a + b}


@server.tool()
def broken() -> str:
    """Fail."""
    raise ValueError("out of order")


@server.tool()
def hang() -> str:
    """Never answer."""
    time.sleep(3600)
    return ""


@server.tool()
def crash() -> str:
    """End the process in the middle of a call."""
    os._exit(3)


@server.tool()
def flood() -> str:
    """Say ten megabytes."""
    return "x" * 10_000_000


@server.tool()
def surroundings() -> list[str]:
    """Name the variables that the server sees."""
    return sorted(os.environ)


if len(sys.argv) > 1:
    import uvicorn

    listening = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(server.streamable_http_app(), log_level="error", ws="none")
    uvicorn.Server(config).run(sockets=[listening])
else:
    server.run("stdio")
