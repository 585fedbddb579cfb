"""Schedules that people make by the API; those of workflows are in their specs."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from cronsim import CronSimError
from starlette.responses import JSONResponse, Response

from runtime.app import finding, views
from runtime.app.call import Call, Handler, nothing, shown
from runtime.contract.kept_api import ScheduleAsked, SchedulePatch, SchedulesAsked, ScheduleShown
from runtime.problems import failed
from runtime.services.store.kept import Entry
from runtime.worker import cron, starting
from runtime.worker.starting import Start


async def _create(call: Call) -> Response:
    body = await call.body(ScheduleAsked)
    assistant = await finding.assistant(call, body.assistant_id)
    thread = call.request.path_params.get("thread_id", "")
    if thread:
        await finding.thread(call)
    input_ = {**assistant.context, **body.context, **(body.input or {})}
    starting.accepted(call.desk.documents, Start(assistant.workflow, input_))
    plan: dict[str, Any] = {
        "schedule": body.schedule, "timezone": body.timezone, "end_time": body.end_time, "enabled": body.enabled,
        "workflow": assistant.workflow, "assistant": assistant.id, "thread": thread, "input": input_,
        "metadata": body.metadata, "strategy": body.multitask_strategy, "by": call.caller.name,
    }  # fmt: skip
    id_ = str(uuid4())
    await call.scope.schedules.add(id_, plan, call.now, next=_next(plan, call.now))
    return shown(await _shown(call, id_))


def _next(plan: Mapping[str, Any], now: int) -> int:
    """Return when a schedule is due next, in milliseconds since 1970; 0 for never.

    Raises:
        StepError: `invalid-input` when the schedule, the time zone or the end makes no sense.
    """
    try:
        at = cron.within(plan["schedule"], plan["timezone"], plan["end_time"], now)
    except (CronSimError, ValueError, KeyError, OSError, OverflowError, StopIteration) as error:
        raise failed(
            "invalid-input", "The schedule, its time zone or its end is not valid", str(error)[:200]
        ) from error
    return at if plan["enabled"] else 0


async def _entry(call: Call, id_: str) -> Entry:
    entry = await call.scope.schedules.get(id_)
    if entry is None:
        raise failed("not-found", "There is no such schedule", id_[:200])
    return entry


async def _shown(call: Call, id_: str) -> ScheduleShown:
    return _view(await _entry(call, id_))


def _view(entry: Entry) -> ScheduleShown:
    plan, due = entry.body, entry.fields["next"]
    return ScheduleShown(
        cron_id=entry.id,
        assistant_id=plan["assistant"],
        thread_id=plan["thread"] or None,
        end_time=plan["end_time"],
        schedule=plan["schedule"],
        timezone=plan["timezone"],
        created_at=views.moment(entry.created),
        updated_at=views.moment(entry.updated),
        payload={"assistant_id": plan["assistant"], "input": plan["input"], "metadata": plan["metadata"]},
        user_id=plan["by"],
        next_run_date=views.moment(due) if due else None,
        metadata=plan["metadata"],
        enabled=plan["enabled"],
    )


async def _update(call: Call) -> Response:
    body, entry = await call.body(SchedulePatch), await _entry(call, call.path("cron_id"))
    plan = {**entry.body, **body.model_dump(exclude_unset=True)}
    if plan["input"] is None or plan["schedule"] is None or plan["metadata"] is None or plan["enabled"] is None:
        raise failed("invalid-input", "Only `timezone` and `end_time` can be `null`")
    starting.accepted(call.desk.documents, Start(plan["workflow"], plan["input"]))
    await call.scope.schedules.set(entry.id, plan, call.now, next=_next(plan, call.now))
    return shown(await _shown(call, entry.id))


async def _delete(call: Call) -> Response:
    await call.scope.schedules.remove((await _entry(call, call.path("cron_id"))).id)
    return nothing()


async def _found(call: Call) -> tuple[SchedulesAsked, list[dict[str, Any]]]:
    asked = await call.body(SchedulesAsked)
    known = [_view(entry) async for entry in call.scope.schedules.find({})]
    fits = [one.model_dump() for one in known if _fits(one, asked)]
    return asked, finding.ordered(fits, asked.sort_by, asked.sort_order)


def _fits(one: ScheduleShown, asked: SchedulesAsked) -> bool:
    return (
        asked.assistant_id in (None, one.assistant_id)
        and asked.thread_id in (None, one.thread_id)
        and asked.enabled in (None, one.enabled)
        and finding.holds(one.metadata, asked.metadata)
    )


async def _search(call: Call) -> Response:
    asked, found = await _found(call)
    return JSONResponse(finding.page(found, asked.limit, asked.offset, asked.select))


async def _count(call: Call) -> Response:
    return JSONResponse(len((await _found(call))[1]))


HANDLERS: Mapping[str, Handler] = {
    "createCron": _create, "createThreadCron": _create, "searchCrons": _search, "countCrons": _count,
    "updateCron": _update, "deleteCron": _delete,
}  # fmt: skip
