"""Tools of MCP servers over streamable HTTP or stdio, by the official SDK, which is imported with the first call.

A program is started for one call, without a shell and with hardly any environment, and ended with it.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from runtime.contract import ToolDocument, millis
from runtime.problems import StepError, failed

ANSWER_LIMIT = 4_000_000
"""Characters of a result at most; no model could read more, and every checkpoint would keep it."""


class McpCalls:
    """Calls MCP tools; a connection per call, so that a server may restart between two of them."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    async def call(self, tool: ToolDocument, arguments: Mapping[str, Any]) -> Any:
        """Return a tool's result: its structured content, or its text.

        Raises:
            StepError: `rejected` when the tool reports an error, `unavailable` when the server does not answer.
        """
        try:
            from mcp.client import Client
        except ImportError as error:
            raise failed("rejected", "The MCP SDK is not installed", f"{tool.name} needs the package `mcp`") from error
        assert tool.mcp
        try:
            async with Client(self._transport(tool)) as client:
                seconds = millis(tool.timeout) / 1000
                answer: Any = await client.call_tool(tool.mcp.tool, dict(arguments), read_timeout_seconds=seconds)
        except Exception as error:
            # The SDK raises what its transport raises, wrapped in groups.
            raise _failed(tool, error) from error
        return _result(tool, answer)

    def _transport(self, tool: ToolDocument) -> Any:
        assert tool.mcp
        if tool.command:
            from mcp.client.stdio import StdioServerParameters

            program, *arguments = tool.command
            return StdioServerParameters(command=program, args=arguments)
        if not tool.secret_env:
            return tool.mcp.url
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client

        if not (secret := self._secrets.get(tool.secret_env)):
            raise failed("rejected", "The secret of a tool is not set", f"{tool.name} needs {tool.secret_env}")
        client = create_mcp_http_client(headers={"Authorization": f"Bearer {secret}"})
        assert tool.mcp.url
        return streamable_http_client(tool.mcp.url, http_client=client)


def _failed(tool: ToolDocument, error: BaseException) -> StepError:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, StepError):
        return error
    detail = f"{tool.name}: {type(error).__name__}: {error}"
    type_ = "timeout" if "timed out" in str(error).lower() else "unavailable"
    return failed(type_, "An MCP server does not answer", detail[:300])


def _result(tool: ToolDocument, answer: Any) -> Any:
    texts = [part.text for part in answer.content if getattr(part, "type", "") == "text"]
    if answer.is_error:
        raise failed("rejected", "An MCP tool reports an error", f"{tool.name}: {' '.join(texts)}"[:300])
    text = "\n".join(texts)
    if len(text) > ANSWER_LIMIT:
        raise failed("invalid-output", "An MCP tool says too much", f"{tool.name}: {len(text)} characters")
    if answer.structured_content is not None:
        return answer.structured_content
    try:
        return json.loads(text)
    except ValueError:
        return text
