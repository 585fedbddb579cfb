"""Spans of runs, steps, model calls and tool calls, sent by OTLP/HTTP where an endpoint is set.

Names follow the OpenTelemetry conventions for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/).
Spans hold names, ids, counts and types of problems; never what was asked or answered. Without an endpoint nothing of
the SDK is imported, and `span` costs a comparison.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from runtime.contract import Context
from runtime.problems import Problem, StepError

SERVICE = "apm"
"""Name of the service where neither OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES says one."""
PATIENCE = 5.0
"""Seconds that the last spans may take on their way when the process ends."""

PARENT = "traceparent"
"""Header and option of a run that say below which span of its caller it belongs."""
Value = str | int | float
_tracer: Any = None
_run: ContextVar[str] = ContextVar("run", default="")


class Span:
    """One span, or nothing where nothing is traced."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def set(self, attributes: Mapping[str, Value]) -> None:
        """Add attributes."""
        if self._span:
            self._span.set_attributes(attributes)

    def failed(self, type_: str) -> None:
        """Say that it failed, with the type of the problem: its other words can hold what people have written."""
        if self._span:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_attribute("error.type", type_)
            self._span.set_status(Status(StatusCode.ERROR, type_))

    def ended(self, attributes: Mapping[str, Value], found: Problem | None) -> None:
        """Say how it has ended, and with which problem."""
        self.set(attributes)
        if found:
            self.failed(found.type)


_NOTHING = Span()


@contextmanager
def span(
    name: str, attributes: Mapping[str, Value], kind: Literal["INTERNAL", "CLIENT"] = "INTERNAL", above: str = ""
) -> Generator[Span]:
    """Yield a span below the one that is open here, or below `above`; a `StepError` makes it a failed one."""
    if _tracer is None:
        yield _NOTHING
        return
    from opentelemetry.trace import SpanKind

    quiet = {"record_exception": False, "set_status_on_exception": False}
    context = _propagator().extract({PARENT: above}) if above else None
    with _tracer.start_as_current_span(name, context, SpanKind[kind], attributes, **quiet) as found:
        made = Span(found)
        try:
            yield made
        except StepError as error:
            made.failed(error.problem.type)
            raise


@contextmanager
def run_span(run: str, workflow: str, attempt: int, above: str = "") -> Generator[Span]:
    """Yield the span of an execution of a run; all are in one trace: the caller's where its `traceparent` is above."""
    token, attributes = _run.set(run), {"apm.run.id": run, "apm.workflow": workflow, "apm.run.attempt": attempt}
    try:
        with span(f"run {workflow}", attributes, above=above) as made:
            yield made
    finally:
        _run.reset(token)


def step_span(run: str, workflow: str, step: str, path: str, verb: str) -> AbstractContextManager[Span]:
    """Return the span of one visit of a step."""
    return span(f"step {step}", {**_place(run, workflow, step, path), "apm.step.verb": verb})


def place(context: Context) -> dict[str, Value]:
    """Return the attributes that say where in a run something happens."""
    return _place(str(context.scope["run"]["id"]), context.document.name, context.step, context.path)


def _place(run: str, workflow: str, step: str, path: str) -> dict[str, Value]:
    return {"apm.run.id": run, "apm.workflow": workflow, "apm.step": step, "apm.step.path": path}


def ids() -> dict[str, str]:
    """Return the trace and the span that are open here, as logs name them; nothing where nothing is traced."""
    if _tracer is None:
        return {}
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

    found = get_current_span().get_span_context()
    if not found.is_valid:
        return {}
    return {"trace_id": format_trace_id(found.trace_id), "span_id": format_span_id(found.span_id)}


def onward() -> dict[str, str]:
    """Return the header that makes spans of a called server part of this trace (https://www.w3.org/TR/trace-context)."""
    headers: dict[str, str] = {}
    if _tracer is not None:
        _propagator().inject(headers)
    return headers


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


@asynccontextmanager
async def exporting(endpoint: str) -> AsyncGenerator[None]:
    """Send spans to an endpoint while the body works; without one, do nothing."""
    global _tracer
    if not endpoint:
        yield
        return
    provider = _provider(endpoint)
    _tracer = provider.get_tracer("apm")
    try:
        yield
    finally:
        _tracer = None
        await asyncio.to_thread(_flushed, provider)


def _flushed(provider: Any) -> None:
    provider.force_flush(int(PATIENCE * 1000))
    provider.shutdown()


def _provider(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """The trace of a run is known by its id, also to the worker that goes on with it."""

        def generate_trace_id(self) -> int:
            run = _run.get()
            return int(hashlib.sha256(run.encode()).hexdigest()[:32], 16) if run else super().generate_trace_id()

    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: SERVICE}))
    provider = TracerProvider(resource=resource, id_generator=Ids(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=PATIENCE)))
    return provider
