"""The HTTP API of `runtime.contract.api.ROUTES`. Problems are `application/problem+json`.

Every guarded route is built here and nowhere else: the caller is admitted, has to have the role that the table says,
and the handler gets the part of the store that is the caller's tenant's.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from runtime.app.access import Access
from runtime.app.call import Call, Desk, Handler, refusal
from runtime.app.routes import discovered
from runtime.app.sockets import Sockets
from runtime.contract import WorkflowDocument
from runtime.contract.api import ROUTES
from runtime.contract.bodies import Role
from runtime.problems import Failure, Problem, StepError, problem
from runtime.services.checkpointer import MongoSaver
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.worker.states import States

if TYPE_CHECKING:
    from runtime.worker.loop import Worker

log = logging.getLogger(__name__)
Plain = Callable[[Request], Awaitable[Response]]


class Api:
    """The routes of one process."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        telemetry: Telemetry,
        documents: Mapping[str, WorkflowDocument],
        worker: "Worker | None",
        *,
        full: bool,
    ) -> None:
        self.draining = False
        self._access = Access(settings)
        self._store = store
        self._telemetry = telemetry
        self._documents = documents
        self._full = full
        self._desk = Desk(
            clock,
            telemetry,
            documents,
            nudge=worker.nudge if worker else lambda: None,
            look=worker.look if worker else _nobody,
            draining=lambda: self.draining,
            states=States(store, MongoSaver(store.collections), clock),
        )

    def asgi(self) -> Starlette:
        """Return the application."""
        handlers = discovered()
        open_ = {"healthz": self._healthz, "ok": self._ok, "readyz": self._readyz, "metrics": self._metrics}
        paths: dict[str, dict[str, Plain]] = {}
        for route in ROUTES:
            if route.role is None:
                paths.setdefault(route.path, {})[route.method] = open_[route.name]
            elif self._full:
                endpoint = self._guarded(handlers[route.name], route.role)
                paths.setdefault(route.path, {})[route.method] = endpoint
        routes: list[BaseRoute] = [
            Route(path, _by_method(methods), methods=list(methods)) for path, methods in paths.items()
        ]
        if self._full:
            sockets = Sockets(self._access, self._desk, self._store.of)
            routes.append(WebSocketRoute("/threads/{thread_id}/stream/events", sockets.serve))
        # What is fixed in a path goes before what is not: /runs/wait is no run.
        routes.sort(key=lambda one: str(getattr(one, "path", "")).replace("{", "~"))
        return Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _defect})

    # --- open to everybody who can reach the port ---------------------------------------------------------------------

    async def _healthz(self, request: Request) -> Response:
        del request
        return JSONResponse({"alive": True})

    async def _ok(self, request: Request) -> Response:
        del request
        return JSONResponse({"ok": True})

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

    # --- with a key or a token ----------------------------------------------------------------------------------------

    def _guarded(self, handler: Handler, role: Role) -> Plain:
        async def guarded(request: Request) -> Response:
            try:
                caller = await self._access.caller(request.headers)
                caller.need(role)
                return await handler(Call(request, caller, self._store.of(caller.tenant), self._desk))
            except StepError as error:
                return refusal(error.problem)
            except Failure as error:
                return refusal(problem("not-found", error.message, error.hint))

        return guarded


def _by_method(methods: Mapping[str, Plain]) -> Plain:
    async def answer(request: Request) -> Response:
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return answer


def _nobody(run: str) -> None:
    del run


async def _refused(request: Request, error: Exception) -> Response:
    """Answer for a path or a method that there is not."""
    del request
    assert isinstance(error, HTTPException)
    types = {404: "not-found", 405: "method-not-allowed"}
    found = Problem(types.get(error.status_code, "internal"), str(error.detail), status=error.status_code)
    answer = refusal(found)
    answer.headers.update(error.headers or {})
    return answer


async def _defect(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return refusal(problem("internal", "The request failed unexpectedly", type(error).__name__))
