"""Threads: make, find, show, change, copy, forget; and their state, now and before."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, cast
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from runtime.app import finding, views
from runtime.app.beginning import written
from runtime.app.call import Call, Handler, listed, nothing, shown
from runtime.contract.threads_api import (
    CheckpointShown,
    HistoryAsked,
    PruneAsked,
    StateAsked,
    StateSet,
    StateShown,
    ThreadAsked,
    ThreadPatch,
    ThreadsAsked,
    ThreadShown,
)
from runtime.problems import failed
from runtime.services.store.runs import ENDED, Run
from runtime.services.store.threads import Thread
from runtime.worker import starting

PATIENCE = 10_000
"""Threads without the wanted metadata or values that a search looks at, some seconds long, before it is refused."""
_COLUMNS = {"thread_id": "_id", "status": "status", "created_at": "created", "updated_at": "updated"}


async def view(call: Call, thread: Thread) -> ThreadShown:
    """Return a thread as it is shown."""
    run = await call.scope.runs.get(thread.active) if thread.active else None
    return views.thread_shown(thread, run, await finding.patch(call, thread, run))


async def made(
    call: Call, id_: str, metadata: Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Thread | None:
    """Make a thread and return it; None when there is one with this id."""
    if not await call.scope.threads.add(id_, metadata, call.now, state):
        return None
    return await call.scope.threads.get(id_)


async def _create(call: Call) -> Response:
    body = await call.body(ThreadAsked)
    id_ = body.thread_id or str(uuid4())
    thread = await made(call, id_, body.metadata)
    if thread is None:
        thread = await call.scope.threads.get(id_)
        if body.if_exists == "raise" or thread is None:
            raise failed("conflict", "There is a thread with this id", id_)
    return shown(await view(call, thread))


async def _found(call: Call, asked: ThreadsAsked, most: int = 0) -> AsyncGenerator[Thread]:
    """Yield the threads that are wanted, in their order: values and metadata are looked at here, all else is asked."""
    named = {"status": asked.status, "workflow": asked.workflow}
    where: dict[str, Any] = {name: value for name, value in named.items() if value}
    where |= {"_id": {"$in": asked.ids}} if asked.ids is not None else {}
    order = 1 if asked.sort_order == "asc" else -1
    others, looked = 0, most + PATIENCE if most and (asked.metadata or asked.values) else most
    async for thread in call.scope.threads.ordered(where, _COLUMNS[asked.sort_by or "created_at"], order, looked):
        if finding.holds(thread.metadata, asked.metadata) and finding.holds(views.values(thread), asked.values):
            yield thread
        elif (others := others + 1) >= PATIENCE:
            detail = f"{others:,} threads do not fit; say `status`, `ids` or `workflow` too, or ask for fewer"
            raise failed("invalid-input", "The search would look at too many threads", detail)


async def _search(call: Call) -> Response:
    asked, page = await call.body(ThreadsAsked), list[Thread]()
    async with aclosing(_found(call, asked, asked.offset + asked.limit)) as found:
        async for thread in found:
            page.append(thread)
            if len(page) == asked.offset + asked.limit:  # the rest is not read
                break
    shown_ = [(await view(call, thread)).model_dump() for thread in page[asked.offset :]]
    return JSONResponse(finding.page(shown_, asked.limit, 0, asked.select))


async def _count(call: Call) -> Response:
    asked = await call.body(ThreadsAsked)
    return JSONResponse(sum([1 async for _ in _found(call, asked)]))


async def _get(call: Call) -> Response:
    return shown(await view(call, await finding.thread(call)))


async def _update(call: Call) -> Response:
    body, thread = await call.body(ThreadPatch), await finding.thread(call)
    await call.scope.threads.describe(thread.id, {**thread.metadata, **body.metadata}, call.now)
    return shown(await view(call, await finding.thread(call)))


async def _forgotten(call: Call, thread: Thread) -> None:
    for run in await call.scope.runs.of_thread(thread.id):
        if run.state not in ENDED:
            await starting.cancelled(call.scope, call.desk.clock, run)
            call.desk.look(run.id)
        # A run that a worker executes is forgotten with the retention: it has to be able to see that it is cancelled.
        if run.state != "running":
            await call.scope.erase(run)
    await call.scope.threads.remove(thread.id)


async def _delete(call: Call) -> Response:
    await _forgotten(call, await finding.thread(call))
    return nothing()


async def _prune(call: Call) -> Response:
    count = 0
    for id_ in (await call.body(PruneAsked)).thread_ids:
        if thread := await call.scope.threads.get(id_):
            await _forgotten(call, thread)
            count += 1
    return JSONResponse({"pruned_count": count})


async def _copy(call: Call) -> Response:
    thread = await finding.thread(call)
    copy = await made(call, str(uuid4()), thread.metadata, thread.state)
    assert copy
    return shown(await view(call, copy))


# --- state ----------------------------------------------------------------------------------------------------------


async def _state(call: Call) -> Response:
    thread = await finding.thread(call)
    run = await finding.holder(call, thread)
    last = await call.last(run) if run else None
    return shown(views.state_shown(thread, run, last, await finding.patch(call, thread, run)))


async def _set(call: Call) -> Response:
    body, thread = await call.body(StateAsked), await finding.thread(call)
    run = await finding.holder(call, thread)
    if run is None:
        raise failed("conflict", "The thread has no workflow yet", "its state can be set after its first run")
    at = await written(call, thread, run, body.values or {})
    return shown(StateSet(checkpoint=CheckpointShown(thread_id=thread.id, checkpoint_id=at)))


async def _past(call: Call, thread: Thread) -> list[StateShown]:
    found: list[StateShown] = []
    runs: list[Run] = await call.scope.runs.of_thread(thread.id)
    for run in reversed(runs):
        found += [views.past(thread.id, run, one) for one in await call.history(run)]
    return found


async def _history(call: Call) -> Response:
    asked, thread = await call.body(HistoryAsked), await finding.thread(call)
    found = [one for one in await _past(call, thread) if finding.holds(one.metadata, asked.metadata)]
    if before := _id(asked.before):
        found = [one for one in found if (one.checkpoint.checkpoint_id or "") < before]
    return listed(found[: asked.limit])


def _id(before: Any) -> str:
    if isinstance(before, dict):
        named = cast("dict[str, Any]", before)
        return str(named.get("checkpoint_id") or named.get("configurable", {}).get("checkpoint_id") or "")
    return before if isinstance(before, str) else ""


async def _state_at(call: Call) -> Response:
    thread, wanted = await finding.thread(call), call.path("checkpoint_id")
    for one in await _past(call, thread):
        if one.checkpoint.checkpoint_id == wanted:
            return shown(one)
    raise failed("not-found", "There is no such checkpoint", wanted[:200])


HANDLERS: Mapping[str, Handler] = {
    "createThread": _create, "searchThreads": _search, "countThreads": _count, "pruneThreads": _prune,
    "getThread": _get, "updateThread": _update, "deleteThread": _delete, "copyThread": _copy,
    "getThreadState": _state, "updateThreadState": _set, "getThreadStateAt": _state_at, "getThreadHistory": _history,
}  # fmt: skip
