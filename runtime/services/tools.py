"""Call tools: registered functions, HTTP operations, MCP servers. Arguments and results are held to their schemas."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from runtime import schemas
from runtime.contract import Context, Function, ToolDocument, millis
from runtime.functions import registered
from runtime.problems import StepError, failed
from runtime.services.clock import Clock
from runtime.services.effects import Effects
from runtime.services.http import TIMEOUT, HttpCalls
from runtime.services.mcp import McpCalls
from runtime.services.outside import Call, Outside
from runtime.telemetry import Telemetry, tracing
from runtime.telemetry.catalogue import TOOL_CALLS

_OUTCOMES = {"timeout": "timeout", "invalid-input": "invalid", "invalid-output": "invalid"}


class Tools:
    """What agents and `tool`, `function` and `http` steps call."""

    def __init__(
        self, effects: Effects, http: HttpCalls, mcp: McpCalls, clock: Clock, telemetry: Telemetry, outside: Outside
    ) -> None:
        self._effects = effects
        self._http = http
        self._mcp = mcp
        self._clock = clock
        self._telemetry = telemetry
        self._outside = outside

    async def call(self, tool: ToolDocument, arguments: Mapping[str, Any], context: Context) -> Any:
        """Return a tool's result.

        Raises:
            StepError: the arguments or the result are refused, the call fails, or its effect is in doubt.
        """
        outcome = "failed"
        try:
            _hold(tool.input, arguments, "invalid-input", f"{tool.name} does not accept these arguments")
            with tracing.span(f"execute_tool {tool.name}", _described(tool, context)):
                result = await self._once_if_effect(tool, arguments, context)
            _hold(tool.output, result, "invalid-output", f"{tool.name} returned something else")
            outcome = "succeeded"
        except StepError as error:
            outcome = _OUTCOMES.get(error.problem.type, "failed")
            raise
        finally:
            self._telemetry.add(TOOL_CALLS, target=tool.name, outcome=outcome)
        context.watch("tool-called", {"path": context.path, "tool": tool.name, "effect": tool.effect})
        return result

    async def _once_if_effect(self, tool: ToolDocument, arguments: Mapping[str, Any], context: Context) -> Any:
        work = self._work(tool, arguments, context)
        if tool.effect == "read":
            return await work()
        run = str(context.scope["run"]["id"])
        return await self._effects.once(context.key, run, dict(arguments), work, idempotent=tool.idempotent)

    def _work(self, tool: ToolDocument, arguments: Mapping[str, Any], context: Context) -> Callable[[], Awaitable[Any]]:
        async def work() -> Any:
            try:
                return await self._clock.within(millis(tool.timeout) / 1000, self._reach(tool, arguments, context))
            except TimeoutError:
                raise failed("timeout", "A tool took too long", f"{tool.name}: {tool.timeout}") from None

        return work

    async def _reach(self, tool: ToolDocument, arguments: Mapping[str, Any], context: Context) -> Any:
        seconds = millis(tool.timeout) / 1000
        call = Call("tool", tool.name, arguments, context.path, remote=not tool.function, seconds=seconds)
        return await self._outside.reach(call, lambda: self._dispatch(tool, arguments, context))

    async def _dispatch(self, tool: ToolDocument, arguments: Mapping[str, Any], context: Context) -> Any:
        if tool.function:
            function = _function(tool.function)
            _hold(function.input, arguments, "invalid-input", f"{function.name} does not accept these arguments")
            return await function.run(arguments, context)
        if tool.http:
            return await self._http.operation(tool, arguments, context.idempotency_key)
        if tool.mcp:
            return await self._mcp.call(tool, arguments)
        raise failed("not-found", "A tool says neither function, http nor mcp", tool.name)

    async def function(self, name: str, arguments: Mapping[str, Any], context: Context) -> Any:
        """Return the result of a registered function; one that changes something goes through the ledger."""
        function = _function(name)
        _hold(function.input, arguments, "invalid-input", f"{name} does not accept these arguments")
        call = Call("function", name, arguments, context.path, remote=False)

        async def work() -> Any:
            return await self._outside.reach(call, lambda: function.run(arguments, context))

        if function.effect == "read":
            return await work()
        run = str(context.scope["run"]["id"])
        # Our own functions replace what is there: doing it again gives the same.
        return await self._effects.once(context.key, run, dict(arguments), work, idempotent=True)

    async def http(self, method: str, url: str, headers: Mapping[str, str], body: Any, context: Context) -> Any:
        """Return `{status, body}` of a request; all but GET go through the ledger."""
        call = Call("http", f"{method} {url}", {"headers": dict(headers), "body": body}, context.path, seconds=TIMEOUT)
        if method == "GET":
            return await self._outside.reach(call, lambda: self._http.send(method, url, headers, body))
        marked = {**headers, "Idempotency-Key": context.idempotency_key}
        run, sent = str(context.scope["run"]["id"]), {"method": method, "url": url, "body": body}
        # Nobody has said that the target honours the key; so an unknown end is not repeated.
        return await self._effects.once(
            context.key,
            run,
            sent,
            lambda: self._outside.reach(call, lambda: self._http.send(method, url, marked, body)),
            idempotent=method in ("PUT", "DELETE"),
        )


def _function(name: str) -> Function:
    if name not in registered():
        raise failed("not-found", "The image does not ship this function", name)
    return registered()[name]


def _described(tool: ToolDocument, context: Context) -> dict[str, str | int | float]:
    named = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool.name}
    return {**named, "apm.tool.effect": tool.effect, **tracing.place(context)}


def _hold(schema: Mapping[str, Any], value: Any, type_: str, title: str) -> None:
    if found := schemas.findings(schema, value):
        raise failed(type_, title, "; ".join(found))
