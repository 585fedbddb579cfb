# pyright: reportPrivateUsage=false
"""Traces, as a collector of OTLP/HTTP on loopback receives them."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.problems import Failure
from runtime.services.store.runs import Run
from runtime.settings import read
from runtime.telemetry import tracing
from runtime.worker import starting
from runtime.worker.loop import Worker
from runtime.worker.starting import Start
from tests.runtime.conftest import World, workflow
from tests.runtime.test_calls import served
from tests.runtime.test_publishing import served as api

SECRET = "only people may read this"
WORK = """
steps:
  - {id: think, llm: {model: m, prompt: "only people may read this", schema: {type: object}}}
  - {id: look, tool: stock, with: {id: 1}}
"""
ASKS = """
steps:
  - {id: ask, approval: {message: Well, options: [go, stay]}}
"""
FAILS = """
steps:
  - {id: stop, fail: {type: sold-out, title: "only people may read this"}}
"""


@dataclass
class Collector:
    """What has arrived: spans, their raw bytes, and the headers that a tool's server has seen."""

    spans: list[Any] = field(default_factory=list[Any])
    raw: bytes = b""
    service: set[str] = field(default_factory=set[str])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.service |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return Response(status_code=200, media_type="application/x-protobuf")

    async def answer(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        return JSONResponse({"stock": 4})

    def named(self, name: str) -> Any:
        (found,) = (span for span in self.spans if span.name == name)
        return found


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@asynccontextmanager
async def collecting() -> AsyncGenerator[tuple[Collector, str]]:
    found = Collector()
    routes = [
        Route("/v1/traces", found.take, methods=["POST"]),
        Route("/{rest:path}", found.answer, methods=["GET", "POST"]),
    ]
    async with served(Starlette(routes=routes)) as address:
        yield found, address


def stock(address: str) -> dict[str, Any]:
    return {"stock": {"name": "stock", "http": {"method": "GET", "url": f"{address}/items/{{id}}"}}}


async def test_a_run_is_a_trace_of_its_steps_model_calls_and_tool_calls(world: World) -> None:
    world.script(m=[{"json": {"ok": True}}])
    async with collecting() as (collector, address), tracing.exporting(f"{address}/v1/traces"):
        found = await world.run(workflow(WORK, tools=stock(address)))
    assert found.status == "succeeded", found.problem
    below = {span.span_id: span.name for span in collector.spans}
    assert {span.name: below.get(span.parent_span_id) for span in collector.spans} == {
        "run main": None, "step think": "run main", "chat m": "step think", "step look": "run main",
        "execute_tool stock": "step look",
    }  # fmt: skip
    assert len({span.trace_id for span in collector.spans}) == 1
    assert collector.service == {"apm"}
    where = {"apm.run.id": found.id, "apm.workflow": "main"}
    chat = attributes(collector.named("chat m"))
    tokens = {"gen_ai.usage.input_tokens": found.tokens_in, "gen_ai.usage.output_tokens": found.tokens_out}
    named = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.provider.name": "scripted"}
    assert chat.items() >= {**where, **tokens, **named, "apm.step": "think", "apm.step.path": "main/think"}.items()
    tool = attributes(collector.named("execute_tool stock"))
    assert tool.items() >= {**where, "gen_ai.tool.name": "stock", "apm.step": "look"}.items()
    assert attributes(collector.named("run main")).items() >= {**where, "apm.run.state": "succeeded"}.items()
    assert SECRET.encode() not in collector.raw


@pytest.mark.parametrize("body", [{"workflow": "main", "input": {}}, {"assistant_id": "main", "input": {}}])
async def test_a_run_belongs_to_the_trace_of_the_caller_that_started_it(world: World, body: dict[str, Any]) -> None:
    trace, above = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    document = workflow(ASKS)
    async with collecting() as (collector, address):
        for sent in (f"00-{trace}-{above}-01", "nonsense"):
            async with api(world, {"main": document}) as client, tracing.exporting(f"{address}/v1/traces"):
                started = (await client.post("/runs", json=body, headers={"traceparent": sent})).json()
                id_ = started.get("id") or started["run_id"]
                await world.go_on(id_)
                await world.answer(id_, "go")
    runs = [span for span in collector.spans if span.name == "run main"]
    assert [span.parent_span_id.hex() for span in runs] == [above, above, "", ""]
    assert [span.trace_id.hex() == trace for span in runs] == [True, True, False, False]


async def test_logs_hold_no_word_of_prompts_answers_arguments_and_secrets(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "runtime")
    key = world.executor.settings.secrets["KEY"]
    broken = {"stock": {"name": "stock", "function": "schema-validation", "effect": "read"}}
    world.script(m=[f"no JSON, but {SECRET}", {"json": {"said": SECRET, "key": key}}])
    await world.run(workflow(WORK, tools=broken))  # a tool that refuses its arguments
    await world.run(workflow(FAILS))
    lost = workflow(FAILS, name="lost")
    await starting.start(world.store, world.clock, {"lost": lost}, Start("lost", {"said": SECRET}))
    await world.store.runs.claim("dead", world.clock.now())
    world.clock.advance(60)
    await world.scheduler().tick()
    await Worker(world.executor, "w")._execute(await claimed(world))
    async with api(world, {"lost": lost}) as client:
        assert (await client.post("/runs", json={"workflow": SECRET, "input": {}})).status_code == 404
    assert "has lost its worker" in caplog.text  # there are logs
    assert SECRET not in caplog.text
    assert key not in caplog.text


async def claimed(world: World) -> Run:
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    return run


async def test_a_server_that_is_called_hears_of_the_span(world: World) -> None:
    async with collecting() as (collector, address):
        step = {"id": "read", "http": {"url": f"{address}/stock"}}
        async with tracing.exporting(f"{address}/v1/traces"):
            await world.run(workflow("{}", steps=[step]))
        await world.run(workflow("{}", steps=[step]))
    span = collector.named("step read")
    assert collector.headers[0]["traceparent"].split("-")[1:3] == [span.trace_id.hex(), span.span_id.hex()]
    assert "traceparent" not in collector.headers[1]


async def test_a_failure_is_the_status_of_its_spans_without_its_words(world: World) -> None:
    async with collecting() as (collector, address), tracing.exporting(f"{address}/v1/traces"):
        found = await world.run(workflow(FAILS))
    assert found.status == "failed"
    for name in ("step stop", "run main"):
        span = collector.named(name)
        assert (span.status.code, span.status.message) == (span.status.STATUS_CODE_ERROR, "sold-out")
        assert attributes(span)["error.type"] == "sold-out"
    assert SECRET.encode() not in collector.raw


async def test_a_run_that_waits_has_not_failed_and_goes_on_in_the_same_trace(world: World) -> None:
    async with collecting() as (collector, address):
        async with tracing.exporting(f"{address}/v1/traces"):
            waits = await world.run(workflow(ASKS))
        async with tracing.exporting(f"{address}/v1/traces"):
            await world.answer(waits.id, "go")
    runs = [span for span in collector.spans if span.name == "run main"]
    assert [attributes(span)["apm.run.state"] for span in runs] == ["waiting", "succeeded"]
    assert len({span.trace_id for span in collector.spans}) == 1
    assert {span.status.code for span in collector.spans} == {0}


async def test_a_collector_that_is_not_there_does_not_fail_a_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "PATIENCE", 0.2)
    async with tracing.exporting("http://127.0.0.1:9/v1/traces"):
        found = await world.run(workflow(FAILS))
    assert found.problem
    assert found.problem.type == "sold-out"


async def test_nothing_of_opentelemetry_is_imported_without_an_endpoint() -> None:
    program = (
        "import asyncio, sys\n"
        "from runtime.telemetry import tracing\n"
        "async def main():\n"
        "    async with tracing.exporting(''):\n"
        "        with tracing.run_span('r', 'w', 1) as span: span.failed('x')\n"
        "        assert tracing.onward() == {}\n"
        "asyncio.run(main())\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_endpoint_is_found_as_opentelemetry_says() -> None:
    base = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/"}
    assert read({}).traces == ""
    assert read(base).traces == "http://collector:4318/v1/traces"
    assert read({**base, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://t/x"}).traces == "https://t/x"
    assert read({**base, "OTEL_SDK_DISABLED": "true"}).traces == ""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "no http:// or https:// address"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf only"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_refused(more: dict[str, str], message: str) -> None:
    with pytest.raises(Failure) as refused:
        read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", **more})
    assert message in f"{refused.value.message} {refused.value.hint}"
