"""Calls over the network, to real servers on loopback: HTTP operations, models, MCP."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from runtime.problems import StepError
from runtime.services.effects import Effects, digest
from tests.runtime.conftest import World, workflow


@asynccontextmanager
async def served(app: Any, lifespan: Any = "off") -> AsyncGenerator[str]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan=lifespan, ws="none"))
    server.capture_signals = lambda: _nothing()  # pyright: ignore[reportAttributeAccessIssue]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


class Erp:
    """A server that remembers what it was asked, and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers: list[tuple[int, Any]] = []

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        self.requests.append(
            {
                "method": request.method,
                "path": request.url.path,
                "query": dict(request.query_params),
                "key": request.headers.get("idempotency-key"),
                "auth": request.headers.get("authorization"),
                "body": json.loads(body) if body else None,
            }
        )
        status, answer = self.answers.pop(0) if self.answers else (200, {"ok": True})
        return PlainTextResponse(answer, status) if isinstance(answer, str) else JSONResponse(answer, status)


@pytest.fixture
async def erp() -> AsyncGenerator[tuple[Erp, str]]:
    found = Erp()

    async def endpoint(request: Request) -> Response:
        return await found(request)

    methods = ["GET", "POST", "PUT", "DELETE"]
    async with served(Starlette(routes=[Route("/{rest:path}", endpoint, methods=methods)])) as address:
        yield found, address


def tool(address: str, **more: Any) -> dict[str, Any]:
    http = {"method": "POST", "url": f"{address}/items/{{id}}"}
    return {"book": {"name": "book", "effect": "write", "http": http, "secretEnv": "KEY", **more}}


BOOK = 'output: {all: "${steps.s.output}"}\nsteps: [{id: s, tool: book, with: {id: a/b, n: 1}}]'


async def test_an_operation_sends_its_arguments_its_secret_and_a_key(world: World, erp: tuple[Erp, str]) -> None:
    server, address = erp
    found = await world.run(workflow(BOOK, tools=tool(address)))
    assert found.output == {"all": {"ok": True}}
    (request,) = server.requests
    assert (request["path"], request["body"], request["auth"]) == ("/items/a/b", {"n": 1}, "Bearer s3cret")
    assert request["key"] == f"{found.id}/main/s#1"


async def test_a_step_may_choose_its_own_key(world: World, erp: tuple[Erp, str]) -> None:
    server, address = erp
    step = {"id": "s", "tool": "book", "with": {"id": 1}, "idempotencyKey": "order-${input.order}"}
    await world.run(workflow("{}", steps=[step], tools=tool(address)), input={"order": 7})
    assert server.requests[0]["key"] == "order-7"


@pytest.mark.parametrize(
    ("status", "type_"),
    [(400, "rejected"), (408, "timeout"), (429, "rate-limited"), (500, "unavailable"), (504, "timeout")],
)
async def test_refusals_are_typed(world: World, erp: tuple[Erp, str], status: int, type_: str) -> None:
    server, address = erp
    server.answers = [(status, "no")]
    found = await world.run(workflow(BOOK, tools=tool(address)))
    assert found.problem
    assert found.problem.type == type_


async def test_a_write_whose_end_is_unknown_is_not_repeated(world: World, erp: tuple[Erp, str]) -> None:
    server, address = erp
    server.answers = [(503, "maybe")]
    step = {"id": "s", "tool": "book", "with": {"id": 1}, "retry": {"maxAttempts": 3}}
    found = await world.run(workflow("{}", steps=[step], tools=tool(address)))
    assert found.problem
    assert (found.problem.type, len(server.requests)) == ("effect-unknown", 1)


async def test_what_was_said_to_be_unknown_is_not_said_to_be_done_afterwards(world: World) -> None:
    """By a worker that had begun it, was paused, and comes back when the run has gone on without it."""
    ledger = world.store.effects
    await ledger.start("k", "r", digest({}), 1)

    async def do() -> None:
        raise AssertionError

    with pytest.raises(StepError, match="may have happened"):
        await Effects(ledger, world.clock, world.telemetry).once("k", "r", {}, do, idempotent=False)
    await ledger.finish("k", "r", "done", {})
    entry = await ledger.find("k")
    assert entry
    assert entry["state"] == "unknown"


async def test_a_write_is_repeated_where_the_target_honours_the_key(world: World, erp: tuple[Erp, str]) -> None:
    server, address = erp
    server.answers = [(503, "maybe")]
    step = {"id": "s", "tool": "book", "with": {"id": 1}, "retry": {"maxAttempts": 3}}
    found = await world.run(workflow("{}", steps=[step], tools=tool(address, idempotent=True)))
    assert found.status == "succeeded"
    assert [request["key"] for request in server.requests] == [f"{found.id}/main/s#1"] * 2


async def test_an_http_step_reads_and_writes(world: World, erp: tuple[Erp, str]) -> None:
    server, address = erp
    server.answers = [(200, {"stock": 4}), (201, "done")]
    found = await world.run(
        workflow("""
        output: {stock: "${steps.read.output.body.stock}", write: "${steps.write.output}"}
        steps:
          - {id: read, http: {url: "${input.at}/stock", headers: {X-A: "${input.at}"}}}
          - {id: write, http: {method: PUT, url: "${input.at}/stock", body: {n: "${steps.read.output.body.stock + 1}"}}}
        """),
        input={"at": address},
    )
    assert found.output == {"stock": 4, "write": {"status": 201, "body": "done"}}
    assert server.requests[1]["body"] == {"n": 5}
    assert [request["key"] is None for request in server.requests] == [True, False]


async def test_a_model_behind_an_openai_compatible_endpoint(world: World, erp: tuple[Erp, str]) -> None:
    server, address = erp
    message = {"content": '{"ok": true}'}
    choice = {"message": message, "finish_reason": "stop"}
    server.answers = [(200, {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})]
    models = {
        "m": {"name": "m", "provider": "openai-compatible", "model": "big", "endpoint": address, "secretEnv": "KEY"}
    }
    step = {"id": "s", "llm": {"model": "m", "prompt": "Well?", "schema": {"type": "object"}}}
    found = await world.run(workflow('output: {all: "${steps.s.output}"}', steps=[step], models=models))
    assert found.output == {"all": {"ok": True}}
    assert (found.tokens_in, found.tokens_out) == (7, 3)
    (request,) = server.requests
    assert (request["path"], request["auth"], request["body"]["model"]) == ("/chat/completions", "Bearer s3cret", "big")
    assert request["body"]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    labels = {"gen_ai_request_model": "m", "gen_ai_token_type": "input"}
    assert world.telemetry.value("gen_ai_client_token_usage_sum", **labels) == 7


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_tool_of_an_mcp_server(world: World) -> None:
    from mcp.server.mcpserver import MCPServer

    mcp = MCPServer("test")

    @mcp.tool()
    def add(a: int, b: int) -> dict[str, int]:
        """Add."""
        return {"sum": a + b}

    @mcp.tool()
    def broken() -> str:
        """Fail."""
        raise ValueError("out of order")

    async with served(mcp.streamable_http_app(), lifespan="on") as address:
        tools = {
            name: {"name": name, "effect": "read", "mcp": {"url": f"{address}/mcp", "tool": name}}
            for name in ("add", "broken")
        }
        step = {"id": "s", "tool": "add", "with": {"a": 2, "b": 3}}
        found = await world.run(workflow('output: {n: "${steps.s.output.sum}"}', steps=[step], tools=tools))
        assert (found.output, found.problem) == ({"n": 5}, None)
        found = await world.run(workflow("steps: [{id: s, tool: broken}]", tools=tools))
        assert found.problem
        assert (found.problem.type, "broken" in found.problem.detail) == ("rejected", True)
    tools["add"]["mcp"] = {"url": "http://127.0.0.1:9/mcp", "tool": "add"}
    found = await world.run(workflow("{}", steps=[step], tools=tools))
    assert found.problem
    assert found.problem.type == "unavailable"
