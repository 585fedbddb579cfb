"""What a handler gets: one request of one caller, and of the store only what belongs to the caller's tenant."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from langgraph.checkpoint.base import CheckpointTuple
from pydantic import ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from runtime.app.access import Caller
from runtime.contract import WorkflowDocument
from runtime.contract.bodies import Body
from runtime.problems import Problem, StepError, failed
from runtime.services.clock import Clock
from runtime.services.store import Scope
from runtime.services.store.collection import pack
from runtime.services.store.runs import Run
from runtime.telemetry import Telemetry, tracing
from runtime.worker.states import States

B = TypeVar("B", bound=Body)
LARGEST = 16 * 1024 * 1024
"""Bytes of a body at most."""


@dataclass
class Desk:
    """What all requests of a process share; none of it leads to data of a tenant."""

    clock: Clock
    telemetry: Telemetry
    documents: Mapping[str, WorkflowDocument]
    nudge: Callable[[], None]
    """Let the worker of this process look into the queue."""
    look: Callable[[str], None]
    """Let the worker of this process look at a run that has been cancelled."""
    draining: Callable[[], bool]
    states: States


@dataclass
class Call:
    """One request."""

    request: HTTPConnection
    caller: Caller
    scope: Scope
    desk: Desk

    @property
    def now(self) -> int:
        """Return milliseconds since 1970."""
        return self.desk.clock.now()

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """Return a value of the query."""
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int, most: int) -> int:
        """Return a number of the query; raises `StepError` (`invalid-input`) when it is none."""
        text = self.query(name, str(default))
        if not text.isdecimal() or len(text) > 9:
            raise failed("invalid-input", f"`{name}` is a number", text[:100])
        return min(int(text), most)

    def header(self, name: str) -> str:
        """Return a header."""
        return self.request.headers.get(name, "")

    def trace(self) -> Mapping[str, str]:
        """Return the options of a run that put it into the trace of the caller, if there is one."""
        found = self.header(tracing.PARENT)
        return {tracing.PARENT: found} if _PARENT.fullmatch(found) else {}

    async def json(self) -> Any:
        """Return the body.

        Raises:
            StepError: `unsupported-media-type`, `payload-too-large`, or `invalid-input` when it is not JSON.
        """
        return await read_json(self.request)

    async def body(self, model: type[B], title: str = "The body is not what is described") -> B:
        """Return the body as its model; raises as `json`, or `invalid-input` with every place where it is else."""
        return checked(model, await self.json(), title)

    # --- the run's own data, for runs that the scope has given -----------------------------------------------------

    async def last(self, run: Run) -> CheckpointTuple | None:
        """Return the last checkpoint of a run of the tenant."""
        assert run.tenant == self.scope.tenant
        return await self.desk.states.last(run.id)

    async def history(self, run: Run) -> list[CheckpointTuple]:
        """Return the checkpoints of a run of the tenant, newest first."""
        assert run.tenant == self.scope.tenant
        return [found async for found in self.desk.states.history(run.id)]


_PARENT = re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context: what is written otherwise is ignored."""
_DIGITS = 15
Handler = Callable[[Call], Awaitable[Response]]


def seen(text: str) -> int | None:
    """Return the number of what a client has seen last; None for a text that is no number that we could have given."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def checked(model: type[B], body: Any, title: str = "The body is not what is described") -> B:
    """Return a body as its model; raises `StepError` (`invalid-input`) with every place where it is something else."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise failed("invalid-input", title, told(error)) from error


def told(error: ValidationError) -> str:
    """Return what a model refuses, in one line."""
    return "; ".join(f"{'/'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()[:10])


async def read_json(request: HTTPConnection, *also: str) -> Any:
    """Return the body of a request; `also` are media types besides JSON that are taken.

    Raises:
        StepError: as `Call.json` says.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media and media != "application/json" and media not in also:
        detail = f"{media[:100]}; send {' or '.join(('application/json', *also))}"
        raise StepError(Problem("unsupported-media-type", "The body has another content type", detail, status=415))
    try:
        text = (await _bytes(request)).decode("utf-8")
        found = json.loads(text, parse_constant=_no_constant, parse_float=_number)
        if "\\u" in text:
            pack(found).encode()  # half a character (`\ud800`) is JSON, and no text
        return found
    except RecursionError as error:
        raise failed("invalid-input", "The body is not JSON", "it is nested too deep") from error
    except ValueError as error:
        raise failed("invalid-input", "The body is not JSON", str(error)[:300]) from error


async def _bytes(request: HTTPConnection) -> bytes:
    assert isinstance(request, Request)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            detail = f"{LARGEST // 1024 // 1024} MiB at most"
            raise StepError(Problem("payload-too-large", "The body is too large", detail, status=413))
        parts.append(part)
    return b"".join(parts)


def _number(text: str) -> float | int:
    """Return a number; 2.0 is the whole number 2, as JSON Schema has it."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def refusal(found: Problem) -> Response:
    """Return the answer that says why a request is refused."""
    return JSONResponse(found.json(), found.status, media_type="application/problem+json")


def shown(body: Body, headers: Mapping[str, str] | None = None) -> Response:
    """Return a body as an answer."""
    return JSONResponse(body.model_dump(mode="json"), headers=headers)


def listed(bodies: Sequence[Body]) -> Response:
    """Return bodies as an answer."""
    return JSONResponse([one.model_dump(mode="json") for one in bodies])


def nothing() -> Response:
    """Return an answer without body."""
    return Response(status_code=204)
