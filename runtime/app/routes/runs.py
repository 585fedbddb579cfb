"""Runs of assistants: start, wait, follow, join, cancel, list, forget; on threads and without."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response, StreamingResponse

from runtime.app import finding, views
from runtime.app.beginning import begun
from runtime.app.call import Call, Handler, checked, listed, nothing, seen, shown
from runtime.app.following import asked, ended, follow, rests, settled
from runtime.app.modes import Modes, wire
from runtime.contract.threads_api import CancelAsked, RunAsked
from runtime.problems import failed
from runtime.services.store.runs import ENDED, Run
from runtime.worker import starting

BEAT = 15.0
"""Seconds after which whoever waits hears that he is still waited with."""
MODES = ("values", "updates", "messages", "messages-tuple", "custom", "debug", "tasks", "events")
Cursor = tuple[int, int]
"""Number of a run's event, and which of the events made of it."""
NOTHING: Cursor = (-1, -1)


def _places(run: Run) -> dict[str, str]:
    """Return where a client finds a run again."""
    place = f"/threads/{views.thread_of(run)}/runs/{run.id}"
    return {"Content-Location": place, "Location": f"{place}/stream"}


async def _create(call: Call) -> Response:
    run, _ = await begun(call, await call.body(RunAsked), call.path("thread_id"))
    return shown(views.run_shown(run), headers={"Content-Location": _places(run)["Content-Location"]})


async def stateless(call: Call, sent: Any) -> Response:
    """Start a run that stands on no thread."""
    run, _ = await begun(call, checked(RunAsked, sent))
    return shown(views.run_shown(run), headers={"Content-Location": _places(run)["Content-Location"]})


async def _batch(call: Call) -> Response:
    sent = await call.json()
    if not isinstance(sent, list) or len(sent) > 100:  # pyright: ignore[reportUnknownArgumentType]
        raise failed("invalid-input", "A batch is a list of 100 runs at most")
    bodies = [checked(RunAsked, one) for one in sent]  # pyright: ignore[reportUnknownVariableType]
    return listed([views.run_shown((await begun(call, body))[0]) for body in bodies])


# --- waiting ----------------------------------------------------------------------------------------------------------


async def _wait(call: Call) -> Response:
    body = await call.body(RunAsked)
    run, _ = await begun(call, body, call.request.path_params.get("thread_id", ""))
    return _waited(call, run, body)


async def _join(call: Call) -> Response:
    return _waited(call, await finding.run(call), None)


def _waited(call: Call, run: Run, body: RunAsked | None) -> Response:
    places = _places(run)
    headers = {**places, "Location": f"{places['Content-Location']}/join"}
    return StreamingResponse(_result(call, run, body), media_type="application/json", headers=headers)


async def _result(call: Call, run: Run, body: RunAsked | None) -> AsyncGenerator[bytes]:
    """Yield blanks for as long as the run takes, and then its values."""
    task = asyncio.create_task(settled(call.scope, run.id, call.desk.draining))
    try:
        while not (await asyncio.wait([task], timeout=BEAT))[0]:
            yield b" "
        run = task.result()
        yield json.dumps(await _values(call, run), ensure_ascii=False, default=str).encode()
    finally:
        await _left(call, run, body, task)


async def _left(call: Call, run: Run, body: RunAsked | None, task: "asyncio.Task[Run]") -> None:
    """Cancel or forget a run, as was asked for, once nobody waits for it any more."""
    if not task.done():
        task.cancel()
        if body and body.on_disconnect == "cancel":
            await asyncio.shield(_cancelled(call, run))
    elif body and body.on_completion == "delete" and not run.thread and ended(run):
        await asyncio.shield(call.scope.erase(run))


async def _cancelled(call: Call, run: Run) -> None:
    await starting.cancelled(call.scope, call.desk.clock, await starting.found(call.scope, run.id))
    call.desk.look(run.id)


async def _values(call: Call, run: Run) -> dict[str, Any]:
    thread = await call.scope.threads.get(run.thread) if run.thread else None
    found = views.values(thread) if thread else {}
    if run.state == "succeeded":
        return {**found, **(run.output or {})}
    if run.state in ENDED:
        problem = run.problem or {"type": run.state, "title": f"The run is {run.state}"}
        return {**found, "__error__": {"error": problem["type"], "message": problem["title"]}}
    questions = [views.question(entry).model_dump() for entry in asked(run)]
    return {**found, **({"__interrupt__": questions} if questions else {})}


# --- following --------------------------------------------------------------------------------------------------------


async def _stream(call: Call) -> Response:
    body = await call.body(RunAsked)
    run, after = await begun(call, body, call.request.path_params.get("thread_id", ""))
    told = _told(call, run, frozenset(body.stream_mode), (after, 1 << 30), nested=body.stream_subgraphs)
    return EventSourceResponse(_disconnecting(call, run, body, told), headers=_places(run), ping=15)


async def _disconnecting(
    call: Call, run: Run, body: RunAsked, told: AsyncGenerator[Mapping[str, Any]]
) -> AsyncGenerator[Mapping[str, Any]]:
    whole = False
    try:
        async for one in told:
            yield one
        whole = True
    finally:
        if not whole and body.on_disconnect == "cancel":
            await asyncio.shield(_cancelled(call, run))


async def _join_stream(call: Call) -> Response:
    run = await finding.run(call)
    modes = [mode for value in call.request.query_params.getlist("stream_mode") for mode in value.split(",")]
    wanted = frozenset(modes or ["values"]) & frozenset(MODES)
    told = _told(call, run, wanted, _cursor(call.header("last-event-id")), nested=False)
    return EventSourceResponse(told, headers=_places(run), ping=15)


def _cursor(text: str) -> Cursor:
    seq, _, number = text.rpartition(":")[2].partition("-")
    at, of = seen(seq), seen(number)
    return NOTHING if at is None or of is None else (at, of)


async def _told(
    call: Call, run: Run, modes: frozenset[str], after: Cursor, *, nested: bool, mark: str = ""
) -> AsyncGenerator[Mapping[str, Any]]:
    """Yield what a run tells in these modes behind a cursor; a stream that breaks off is taken up from the store."""
    told = Modes(run.id, await finding.document(call, run), modes, nested=nested)
    async for event in follow(call.scope, run, 0, ended if mark else rests, call.desk.draining):
        for number, (name, data) in enumerate(told.told(event)):
            if (event["seq"], number) > after:
                text = json.dumps(data, ensure_ascii=False, default=str)
                yield {"id": f"{mark}{event['seq']}-{number}", "event": wire(name), "data": text}
    if not mark and not call.desk.draining():
        yield {"event": "end", "data": "null"}


async def _thread_stream(call: Call) -> Response:
    thread = await finding.thread(call)
    return EventSourceResponse(_all_told(call, thread.id, call.header("last-event-id")), ping=15)


async def _all_told(call: Call, thread: str, last: str) -> AsyncGenerator[Mapping[str, Any]]:
    """Yield what the runs of a thread tell, one after the other, without end."""
    cursor, known = _cursor(last), seen(last.partition(":")[0]) or 1
    async for run in runs_of(call, thread, known - 1):
        async for one in _told(call, run, frozenset(("values", "updates", "custom")), cursor, nested=False,
                               mark=f"{run.number}:"):  # fmt: skip
            yield one
        cursor = NOTHING


async def runs_of(call: Call, thread: str, number: int = 0) -> AsyncGenerator[Run]:
    """Yield the runs of a thread after a number, as they come; `tell` of a thread says that there is another one."""
    with call.scope.news.followed(f"thread:{thread}") as queue:
        while not call.desk.draining():
            for run in await call.scope.runs.of_thread(thread, number):
                number = run.number
                yield run
            try:
                async with asyncio.timeout(1.0):
                    await queue.get()
            except TimeoutError:
                continue


# --- the rest ---------------------------------------------------------------------------------------------------------


async def _list(call: Call) -> Response:
    thread = await finding.thread(call)
    runs = [views.run_shown(run) for run in reversed(await call.scope.runs.of_thread(thread.id))]
    wanted = [run for run in runs if call.query("status", run.status) == run.status]
    offset = call.number("offset", 0, 1_000_000)
    return listed([*wanted[offset : offset + call.number("limit", 10, 1000)]])


async def _get(call: Call) -> Response:
    return shown(views.run_shown(await finding.run(call)))


async def _delete(call: Call) -> Response:
    run = await finding.run(call)
    if run.state not in ENDED:
        raise failed("conflict", "The run has not ended", f"{run.id} is {run.state}; cancel it first")
    await call.scope.erase(run)
    return nothing()


async def _cancel(call: Call) -> Response:
    run = await finding.run(call)
    if call.query("action") == "rollback" and run.thread:
        await call.scope.threads.drop(run.thread, run.id)
    await _cancelled(call, run)
    if call.query("wait") in ("1", "true"):
        await settled(call.scope, run.id, call.desk.draining)
    return nothing()


async def _cancel_many(call: Call) -> Response:
    body = await call.body(CancelAsked)
    states = {"pending": ["queued"], "running": ["running"], "all": ["queued", "running"]}.get(body.status or "", [])
    if body.thread_id is None and not states:
        raise failed("invalid-input", "Say which runs", "`thread_id` with `run_ids`, or `status`")
    for where in [{"state": state} for state in states] or [{"thread": body.thread_id}]:
        for run in await call.scope.runs.find(where, 1000):
            if (body.run_ids is None or run.id in body.run_ids) and run.state not in ENDED:
                await _cancelled(call, run)
    return nothing()


HANDLERS: Mapping[str, Handler] = {
    "createRun": _create, "listThreadRuns": _list, "waitRun": _wait, "streamRun": _stream, "getRun": _get,
    "deleteRun": _delete, "cancelThreadRun": _cancel, "joinRun": _join, "joinStream": _join_stream,
    "waitStateless": _wait, "streamStateless": _stream, "startBatch": _batch, "cancelRuns": _cancel_many,
    "followThread": _thread_stream,
}  # fmt: skip
