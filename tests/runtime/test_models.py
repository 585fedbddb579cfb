"""Model servers that behave badly, and answers that are told while they are written: by a real server on loopback."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from runtime.contract import ModelDocument
from runtime.problems import StepError
from runtime.services.models.base import Request as Asked
from runtime.services.models.openai import OpenAiCompatible
from tests.runtime.conftest import World, workflow
from tests.runtime.test_calls import served


class Server:
    """Answers as it is told; by default with a text."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.bodies: list[Any] = []

    async def __call__(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        return self.answers.pop(0) if self.answers else fine("done")


def fine(text: str) -> Response:
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    return JSONResponse({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 1}})


def stream(*events: Any) -> Response:
    async def lines() -> AsyncIterator[str]:
        for event in events:
            yield f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


def said(text: str, end: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": end}]}


@pytest.fixture
async def server() -> AsyncGenerator[tuple[Server, str]]:
    found = Server()

    async def endpoint(request: Request) -> Response:
        return await found(request)

    async with served(Starlette(routes=[Route("/chat/completions", endpoint, methods=["POST"])])) as address:
        yield found, address


def document(address: str, **more: Any) -> Any:
    model = {"name": "m", "provider": "openai-compatible", "endpoint": address, **more}
    step = {"id": "s", "llm": {"model": "m", "prompt": "Well?"}}
    return workflow('output: {all: "${steps.s.output}"}', steps=[step], models={"m": model})


async def test_a_model_that_says_when_to_come_back_is_asked_again_then(
    world: World, server: tuple[Server, str]
) -> None:
    there, address = server
    there.answers = [PlainTextResponse("slow down", 429, {"Retry-After": "20"})]
    before = world.clock.now()
    assert (await world.run(document(address))).output == {"all": "done"}
    assert (len(there.bodies), world.clock.now() - before >= 20_000) == (2, True)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}, {"Retry-After": "Wed, 25 Nov 2026 12:00:00 GMT"}])
async def test_a_model_that_takes_no_more_calls_is_a_problem_at_once(
    world: World, server: tuple[Server, str], headers: dict[str, str]
) -> None:
    there, address = server
    there.answers = [PlainTextResponse("no", 429, headers)]
    found = await world.run(document(address))
    assert found.problem
    assert (found.problem.type, len(there.bodies)) == ("rate-limited", 1)


@pytest.mark.parametrize("rubbish", ["", "<html>", "[]", '{"choices": []}', '{"choices": [{"message": 7}]}', "{" * 999])
async def test_rubbish_is_a_problem_of_the_step(world: World, server: tuple[Server, str], rubbish: str) -> None:
    there, address = server
    there.answers = [PlainTextResponse(rubbish)]
    found = await world.run(document(address))
    assert found.problem
    assert found.problem.type == "unavailable"


@pytest.mark.parametrize("media", ["application/json", "text/event-stream"])
async def test_an_answer_without_end_is_not_read_to_its_end(
    world: World, server: tuple[Server, str], media: str
) -> None:
    there, address = server
    sent: list[int] = []

    async def flood() -> AsyncIterator[bytes]:
        for _ in range(100):
            sent.append(1)
            yield b"data: " + b" " * 100_000 + b'{"choices": []}\n'

    there.answers = [StreamingResponse(flood(), media_type=media)]
    found = await world.run(document(address))
    assert found.problem
    assert found.problem.type == "invalid-output"


async def test_a_model_that_never_ends_is_left_after_its_time(server: tuple[Server, str]) -> None:
    there, address = server

    async def drops() -> AsyncIterator[bytes]:
        while True:  # something comes all the time, so no single read takes too long
            yield b" "
            await asyncio.sleep(0.05)

    there.answers = [StreamingResponse(drops(), media_type="application/json")]
    model = ModelDocument(name="m", provider="openai-compatible", endpoint=address, timeout="1s")
    provider = OpenAiCompatible({})
    with pytest.raises(StepError) as caught:
        await provider.complete(Asked(model, [{"role": "user", "content": "Well?"}]))
    await provider.close()
    assert caught.value.problem.type == "timeout"


async def tokens(world: World, run: str) -> list[str]:
    return [row["data"]["text"] for row in await world.store.run_events.after(run) if row["kind"] == "token"]


async def test_answers_are_told_while_they_are_written(world: World, server: tuple[Server, str]) -> None:
    there, address = server
    usage: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}
    there.answers = [stream(said("a" * 50), said("b"), said("c", "stop"), usage, "[DONE]")]
    found = await world.run(document(address, stream=True))
    assert found.output == {"all": "a" * 50 + "bc"}
    assert (found.tokens_in, found.tokens_out) == (7, 5)
    assert await tokens(world, found.id) == ["a" * 50, "bc"]
    told = [row["data"] for row in await world.store.run_events.after(found.id) if row["kind"] == "token"]
    assert [one["last"] for one in told] == [False, True]
    assert len({one["message"] for one in told}) == 1
    assert (there.bodies[0]["stream"], there.bodies[0]["stream_options"]) == (True, {"include_usage": True})


async def test_a_server_that_does_not_stream_is_understood_too(world: World, server: tuple[Server, str]) -> None:
    assert (await world.run(document(server[1], stream=True))).output == {"all": "done"}


@pytest.mark.parametrize("events", [[said("half")], ["{"], [{"choices": [{"delta": 7}]}]])
async def test_a_stream_that_breaks_off_is_a_problem(
    world: World, server: tuple[Server, str], events: list[Any]
) -> None:
    there, address = server
    there.answers = [stream(*events)]
    found = await world.run(document(address, stream=True))
    assert found.problem
    assert found.problem.type == "unavailable"


async def test_calls_of_tools_are_put_together_from_a_stream(server: tuple[Server, str]) -> None:
    there, address = server

    def part(**function: str) -> dict[str, Any]:
        call = {"index": 0, "id": "c1" if "name" in function else None, "function": function}
        return {"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": None}]}

    end: dict[str, Any] = {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}
    there.answers = [stream(part(name="find", arguments=""), part(arguments='{"q": '), part(arguments="1}"), end)]
    model = ModelDocument(name="m", provider="openai-compatible", endpoint=address, stream=True)
    provider = OpenAiCompatible({})
    reply = await provider.complete(Asked(model, [], heard=lambda text: None))
    await provider.close()
    assert [(call.id, call.name, call.arguments) for call in reply.tool_calls] == [("c1", "find", {"q": 1})]


async def test_what_a_guardrail_has_not_seen_is_not_shown(world: World, server: tuple[Server, str]) -> None:
    there, address = server
    model = {"name": "m", "provider": "openai-compatible", "endpoint": address, "stream": True}
    rails = {"clean": {"at": ["output"], "pii": ["mail"], "onFail": "fix"}}
    agent = {"name": "ada", "role": "r", "instructions": "Work.", "model": "m", "guardrails": rails}
    found = await world.run(workflow("steps: [{id: s, agent: ada}]", agents={"ada": agent}, models={"m": model}))
    assert found.status == "succeeded"
    assert ("stream" in there.bodies[0], await tokens(world, found.id)) == (False, [])
