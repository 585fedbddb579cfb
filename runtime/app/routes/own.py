"""Runs in the runtime's own words: start, list, show, follow, answer, cancel, revive."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

from sse_starlette.sse import EventSourceResponse
from starlette.responses import JSONResponse, Response

from runtime.app.call import Call, Handler, checked, seen
from runtime.app.following import Settled, ended, follow
from runtime.app.routes.runs import stateless
from runtime.contract.api import AnswerBody, StartBody
from runtime.contract.bodies import TENANT
from runtime.problems import failed
from runtime.services.store.runs import Run
from runtime.worker import starting
from runtime.worker.starting import Start

_SHOWN = ("id", "workflow", "digest", "state", "attempt", "created", "started", "ended", "trigger", "input", "output")
_MORE = ("problem", "waiting")


def run_json(run: Run) -> dict[str, Any]:
    """Return a run as the API shows it: without what only workers need."""
    return {name: getattr(run, name) for name in (*_SHOWN, *_MORE)}


def own_id(call: Call, key: str) -> str:
    """Return the id that a key of a caller stands for; keys of tenants are apart."""
    return key if not key or call.scope.tenant == TENANT else f"{call.scope.tenant}:{key}"


async def _start(call: Call) -> Response:
    sent = await call.json()
    if isinstance(sent, dict) and "assistant_id" in cast("dict[str, Any]", sent):
        return await stateless(call, sent)
    body = checked(StartBody, sent, "A run needs `workflow`, and `input` as an object")
    id_ = own_id(call, call.header("idempotency-key"))
    asked = Start(body.workflow, body.input, "api", id_, body.priority, call.trace(), tenant=call.scope.tenant)
    run = await starting.begun(call.scope, call.desk.clock, call.desk.documents, asked)
    call.desk.nudge()
    return JSONResponse(run_json(run), 201, headers={"Location": f"/runs/{run.id}"})


async def _list(call: Call) -> Response:
    where = {name: call.query(name) for name in ("workflow", "state") if call.query(name)}
    runs = await call.scope.runs.find(where, call.number("limit", 50, 500) or 1)
    return JSONResponse({"runs": [run_json(run) for run in runs]})


async def _show(call: Call) -> Response:
    return JSONResponse(run_json(await starting.found(call.scope, call.path("id"))))


async def _cancel(call: Call) -> Response:
    run = await starting.found(call.scope, call.path("id"))
    state = await starting.cancelled(call.scope, call.desk.clock, run)
    call.desk.look(run.id)
    return JSONResponse({"id": run.id, "state": state}, 202 if state == "running" else 200)


async def _revive(call: Call) -> Response:
    run = await starting.revived(call.scope, call.desk.clock, call.path("id"), by=call.caller.name)
    call.desk.nudge()
    return JSONResponse(run_json(run))


async def _answer(call: Call) -> Response:
    body = await call.body(AnswerBody, "An answer needs `value`")
    id_, by = call.path("id"), call.caller.speaks_as(body.by)
    more: Any = {"comment": body.comment, "to": body.to, "teams": call.caller.answers_for}
    await starting.answer(call.scope, call.desk.clock, id_, body.value, by=by, **more)
    call.desk.nudge()
    return JSONResponse(run_json(await starting.found(call.scope, id_)))


async def _events(call: Call) -> Response:
    run = await starting.found(call.scope, call.path("id"))
    last, upto = call.header("last-event-id"), call.query("follow", "true")
    if upto not in ("true", "false"):
        raise failed("invalid-input", "`follow` is `true` or `false`", upto[:100])
    told = _told(call, run, seen(last) or 0, ended if upto == "true" else _at_once)
    return EventSourceResponse(told, ping=15)


def _at_once(_: Run) -> bool:
    return True


async def _told(call: Call, run: Run, after: int, settled: Settled) -> AsyncGenerator[Mapping[str, Any]]:
    async for event in follow(call.scope, run, after, settled, call.desk.draining):
        data = json.dumps(event["data"], default=str)
        yield {"id": str(event["seq"]), "event": event["kind"], "data": data}


HANDLERS: Mapping[str, Handler] = {
    "startRun": _start,
    "listRuns": _list,
    "showRun": _show,
    "cancelRun": _cancel,
    "reviveRun": _revive,
    "answerRun": _answer,
    "followRun": _events,
}
