"""One call of a model: remembered, within budget, with fallbacks, measured, charged."""

import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from runtime.contract import Context, ModelDocument, millis
from runtime.problems import StepError, failed
from runtime.services.budgets import Purse
from runtime.services.clock import Clock
from runtime.services.models import Models, Reply, Request, is_transient
from runtime.services.models.base import RateLimitedError, ToolCall
from runtime.services.outside import Call, Outside
from runtime.services.store.records import Ledger
from runtime.telemetry import Telemetry, tracing
from runtime.telemetry.catalogue import MODEL_SECONDS, MODEL_TOKENS

TOGETHER = 40
"""Characters of an answer that are told together: an event of a run is a row in the store."""


class ModelCalls:
    """What agents and `llm` steps call models through."""

    def __init__(
        self, models: Models, purse: Purse, ledger: Ledger, clock: Clock, telemetry: Telemetry, outside: Outside
    ) -> None:
        self._models = models
        self._purse = purse
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._outside = outside

    async def complete(self, request: Request, number: int, context: Context) -> Reply:
        """Return the answer to the `number`th call of this attempt of the step.

        A call that was answered before a crash, or before a person was asked, is not made again: its answer is in the
        ledger.

        Raises:
            StepError: the budget is used up, or no model has answered.
        """
        key = f"{context.key}@{context.attempt}|model|{number}"
        if entry := await self._ledger.find(key):
            return _from_json(entry["result"])
        await self._ledger.hold(request.run)
        reply = await self._first_that_answers(request, context)
        await self._ledger.done(key, request.run, _json(reply), self._clock.now())
        return reply

    async def _first_that_answers(self, request: Request, context: Context) -> Reply:
        models = [request.model, *(_model(context, name) for name in request.model.fallback)]
        for model in models[:-1]:
            try:
                return await self._call(replace(request, model=model), context)
            except StepError as error:
                if not is_transient(error):
                    raise
                context.watch(
                    "model-failed", {"path": context.path, "model": model.name, "problem": error.problem.json()}
                )
        return await self._patiently(replace(request, model=models[-1]), context)

    async def _patiently(self, request: Request, context: Context) -> Reply:
        """Call a model that nobody stands in for; when it says how long to wait, and that is short, wait."""
        patience = millis(request.model.timeout) / 1000
        while True:
            try:
                return await self._call(request, context)
            except RateLimitedError as limited:
                if limited.after is None or limited.after > patience:
                    raise
                # At least something is taken off, so that a server that always says 0 does not keep us for ever.
                patience -= max(limited.after, patience / 10, 0.1)
                await self._clock.sleep(limited.after)

    async def _call(self, request: Request, context: Context) -> Reply:
        async with self._purse.opened(request, context):
            return await self._made(request, context)

    async def _made(self, request: Request, context: Context) -> Reply:
        start, outcome = time.perf_counter(), "failed"
        try:
            seconds = millis(request.model.timeout) / 1000
            call = Call("model", request.asker, {"model": request.model.name}, context.path, seconds=seconds)
            with self._traced(request, context) as span, _told(request, context) as asked:
                reply = await self._outside.reach(
                    call, lambda: self._models.complete(asked, protected=context.document.protected)
                )
                tokens = {"gen_ai.usage.input_tokens": reply.tokens_in, "gen_ai.usage.output_tokens": reply.tokens_out}
                span.set(tokens)
            outcome = "invalid" if reply.cut_off else "succeeded"
        except StepError as error:
            outcome = "timeout" if error.problem.type == "timeout" else "failed"
            raise
        finally:
            seconds = time.perf_counter() - start
            self._telemetry.observe(MODEL_SECONDS, seconds, gen_ai_request_model=request.model.name, outcome=outcome)
        self._measure(request, reply, seconds, context)
        await self._purse.charge(request.model, reply, context)
        return reply

    def _traced(self, request: Request, context: Context) -> AbstractContextManager[tracing.Span]:
        model = request.model.model or request.model.name
        named = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, "apm.model": request.model.name}
        provider = {"gen_ai.provider.name": self._models.provider_of(request.model)}
        return tracing.span(f"chat {model}", {**named, **provider, **tracing.place(context)}, "CLIENT")

    def _measure(self, request: Request, reply: Reply, seconds: float, context: Context) -> None:
        for kind, tokens in (("input", reply.tokens_in), ("output", reply.tokens_out)):
            labels = {"gen_ai_request_model": request.model.name, "gen_ai_token_type": kind}
            self._telemetry.observe(MODEL_TOKENS, tokens, **labels)
        tokens = {"tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out}
        asked = {"path": context.path, "model": request.model.name, "asker": request.asker}
        context.watch("model-called", {**asked, **tokens, "seconds": round(seconds, 3)})


@contextmanager
def _told(request: Request, context: Context) -> Generator[Request]:
    """Yield a request whose answer is told while it is written, some words at a time; unchanged where it is not.

    Each answer is a message of its own, also that of a call which is made again; the last event of it says `last`.
    """
    if not (request.model.stream and request.shown):
        yield request
        return
    parts, told = list[str](), {"path": context.path, "asker": request.asker, "message": uuid4().hex}
    begun = False

    def tell(*, last: bool) -> None:
        context.watch("token", {**told, "text": "".join(parts), "last": last})
        parts.clear()

    def heard(text: str) -> None:
        nonlocal begun
        begun = True
        parts.append(text)
        if sum(map(len, parts)) >= TOGETHER:
            tell(last=False)

    try:
        yield replace(request, heard=heard)
    finally:
        if begun:
            tell(last=True)


def _model(context: Context, name: str) -> ModelDocument:
    model = context.document.models.get(name)
    if model is None:
        raise failed("not-found", "The document does not hold this model", name)
    return model


def _json(reply: Reply) -> dict[str, Any]:
    calls = [{"id": call.id, "name": call.name, "arguments": dict(call.arguments)} for call in reply.tool_calls]
    return {"text": reply.text, "tool_calls": calls, "tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out}


def _from_json(found: Mapping[str, Any]) -> Reply:
    calls = tuple(ToolCall(**call) for call in found["tool_calls"])
    return Reply(found["text"], calls, found["tokens_in"], found["tokens_out"])
