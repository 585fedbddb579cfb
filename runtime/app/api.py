"""The HTTP API of `runtime.contract.api.ROUTES`: runs and events. Problems are `application/problem+json`."""

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.app.bodies import checked, read_json
from runtime.app.publishing import Publishing
from runtime.contract import WorkflowDocument
from runtime.contract.api import AnswerBody, StartBody
from runtime.contract.openapi import openapi
from runtime.problems import Failure, Problem, StepError, failed, problem
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.services.store.runs import ENDED, Run
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.worker import starting
from runtime.worker.loop import Worker
from runtime.worker.starting import Start

Handler = Callable[[Request], Awaitable[Response]]
SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between two looks for new events of a run that is followed and executed by another process."""


class Api:
    """The routes of one process."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        telemetry: Telemetry,
        documents: Mapping[str, WorkflowDocument],
        worker: Worker | None,
        *,
        full: bool,
    ) -> None:
        self.draining = False
        self._keys = settings.api_keys
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._documents = documents
        self._worker = worker
        self._full = full
        self._publishing = Publishing(store, clock, telemetry, documents)

    def asgi(self) -> Starlette:
        """Return the application."""
        routes = [Route("/healthz", self._healthz), Route("/readyz", self._readyz), Route("/metrics", self._metrics)]
        routes.append(Route("/openapi.json", self._openapi))
        if self._full:
            routes += [
                Route("/runs", self._guarded(self._start), methods=["POST"]),
                Route("/runs", self._guarded(self._list)),
                Route("/runs/{id}", self._guarded(self._show)),
                Route("/runs/{id}/cancel", self._guarded(self._cancel), methods=["POST"]),
                Route("/runs/{id}/answer", self._guarded(self._answer), methods=["POST"]),
                Route("/runs/{id}/events", self._guarded(self._events)),
                Route("/channels/{name}/events", self._guarded(self._publishing.handle), methods=["POST"]),
            ]
        return Starlette(routes=routes)

    # --- open to everybody who can reach the port ---------------------------------------------------------------------

    async def _healthz(self, request: Request) -> Response:
        del request
        return JSONResponse({"alive": True})

    async def _readyz(self, request: Request) -> Response:
        del request
        up = await self._store.ping()
        ready = up and not self.draining
        specs = {name: document.digest for name, document in self._documents.items()}
        body = {"ready": ready, "store": up, "draining": self.draining, "specs": specs}
        return JSONResponse(body, 200 if ready else 503)

    async def _metrics(self, request: Request) -> Response:
        del request
        return Response(self._telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _openapi(self, request: Request) -> Response:
        del request
        return JSONResponse(openapi())

    # --- with a key ---------------------------------------------------------------------------------------------------

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except StepError as error:
                return _refusal(error.problem)
            except Failure as error:
                return _refusal(problem("not-found", error.message, error.hint))

        return guarded

    def _admit(self, request: Request) -> None:
        if not self._keys:
            return
        given = request.headers.get("authorization", "").removeprefix("Bearer ") or request.headers.get("x-api-key", "")
        if not any(hmac.compare_digest(given.encode(), key.encode()) for key in self._keys):
            raise StepError(Problem("unauthorized", "A valid API key is needed", status=401))

    async def _start(self, request: Request) -> Response:
        body = checked(StartBody, await read_json(request), "A run needs `workflow`, and `input` as an object")
        key = request.headers.get("idempotency-key", "")
        asked = Start(body.workflow, body.input, trigger="api", id=key, priority=body.priority)
        run = await starting.begun(self._store, self._clock, self._documents, asked)
        self._nudge()
        return JSONResponse(_json(run), 201, headers={"Location": f"/runs/{run.id}"})

    async def _list(self, request: Request) -> Response:
        where = {name: request.query_params[name] for name in ("workflow", "state") if name in request.query_params}
        limit = request.query_params.get("limit", "50")
        if not limit.isdecimal():
            raise failed("invalid-input", "`limit` is a number", limit)
        runs = await self._store.runs.find(where, min(int(limit), 500))
        return JSONResponse({"runs": [_json(run) for run in runs]})

    async def _show(self, request: Request) -> Response:
        return JSONResponse(_json(await starting.found(self._store, request.path_params["id"])))

    async def _cancel(self, request: Request) -> Response:
        run = await starting.found(self._store, request.path_params["id"])
        state = await self._store.runs.cancel(run.id, self._clock.now())
        return JSONResponse({"id": run.id, "state": state}, 202 if state == "running" else 200)

    async def _answer(self, request: Request) -> Response:
        body = checked(AnswerBody, await read_json(request), "An answer needs `value`")
        id_ = request.path_params["id"]
        await starting.answer(self._store, self._clock, id_, body.value, by=body.by, comment=body.comment, to=body.to)
        self._nudge()
        return JSONResponse(_json(await starting.found(self._store, id_)))

    def _nudge(self) -> None:
        if self._worker:
            self._worker.nudge()

    async def _events(self, request: Request) -> Response:
        run = await starting.found(self._store, request.path_params["id"])
        last = request.headers.get("last-event-id", "0")
        after = int(last) if last.isdecimal() else 0
        return EventSourceResponse(self._stream(run, after), ping=15)

    async def _stream(self, run: Run, after: int) -> AsyncGenerator[dict[str, Any]]:
        """Yield events from the store, new ones as they come, until the run has ended.

        What this process writes is heard at once, without asking the store; what others write is found by asking, less
        and less often while nothing happens.
        """
        pause = SHORTEST
        with self._store.news.followed(run.id) as queue:
            while True:
                events = await self._store.run_events.after(run.id, after)
                pause = SHORTEST if events else min(pause * 1.5, LONGEST)
                for event in events:
                    after = event["seq"]
                    yield _told(event)
                if run.state in ENDED or self.draining:
                    return
                while heard := await _next(queue, after, pause):
                    for event in heard:
                        after = event["seq"]
                        yield _told(event)
                if heard is not None:
                    return
                # The state is read before the events: what is recorded before the end is there when the end is.
                run = await starting.found(self._store, run.id)


async def _next(
    queue: "asyncio.Queue[Sequence[Mapping[str, Any]]]", after: int, seconds: float
) -> Sequence[Mapping[str, Any]] | None:
    """Return the events that follow, none when the run has ended with those, and None when the store has to be asked.

    That is so when nothing has been heard for that time, and when something may lack in between.
    """
    try:
        async with asyncio.timeout(seconds):
            while heard := await queue.get():
                fresh = [event for event in heard if event["seq"] > after]
                if fresh:
                    return fresh if fresh[0]["seq"] == after + 1 else None
    except TimeoutError:
        return None
    return ()


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": str(event["seq"]), "event": event["kind"], "data": json.dumps(event["data"], default=str)}


def _refusal(found: Problem) -> Response:
    return JSONResponse(found.json(), found.status, media_type="application/problem+json")


def _json(run: Run) -> dict[str, Any]:
    """Return a run as the API shows it: without what only workers need."""
    names = (
        "id",
        "workflow",
        "digest",
        "state",
        "attempt",
        "created",
        "started",
        "ended",
        "trigger",
        "input",
        "output",
    )
    return {name: getattr(run, name) for name in names} | {"problem": run.problem, "waiting": run.waiting}
