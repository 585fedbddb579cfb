"""Commands and subscriptions of a thread, over HTTP and over a WebSocket alike."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from runtime.app import finding, views
from runtime.app.beginning import begun, resumed
from runtime.app.call import Call, checked
from runtime.app.channels import Channels, Filter
from runtime.app.following import asked, ended, follow
from runtime.app.routes.runs import runs_of
from runtime.contract.bodies import Asked
from runtime.contract.threads_api import RunAsked
from runtime.problems import Failure, StepError, failed
from runtime.worker import threads

SETTLING = 0.3
"""Seconds after which a question is told. Clients end what they iterate over when they hear of a question, on a
connection of its own; what came before it has to have had the time to arrive."""


class SubscribeAsked(Asked):
    """What is to be heard."""

    channels: list[str]
    namespaces: list[list[str]] | None = None
    depth: Annotated[int, Field(ge=0)] | None = None
    since: Annotated[int, Field(ge=0)] = 0


class CommandSent(Asked):
    """A command."""

    id: int
    method: str
    params: dict[str, Any] = Field(default_factory=dict)


async def command(call: Call, sent: Any) -> dict[str, Any]:
    """Do what a command says and return its answer; refusals are answers as well."""
    body = checked(CommandSent, sent)
    act = {"run.start": _start, "input.respond": _respond, "state.get": _state}.get(body.method)
    try:
        if act is None:
            raise failed("not-found", "There is no such command", body.method[:100])
        return {"type": "success", "id": body.id, "result": await act(call, body.params)}
    except StepError as error:
        return _error(body.id, error.problem.type, str(error))
    except Failure as error:
        return _error(body.id, "not-found", error.message)


def _error(id_: int, type_: str, message: str) -> dict[str, Any]:
    return {"type": "error", "id": id_, "error": type_.replace("-", "_"), "message": message}


async def _start(call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    """Start a run; on a thread that waits for an answer, the input is the answer."""
    id_ = call.path("thread_id")
    thread = await call.scope.threads.get(id_)
    holder = await finding.holder(call, thread) if thread else None
    if thread and holder and asked(holder) and params.get("input") is not None:
        run, _ = await resumed(call, thread, holder, params["input"], None)
        return {"run_id": run.id}
    known = ("assistant_id", "input", "config", "metadata", "multitask_strategy")
    body = {name: params[name] for name in known if params.get(name) is not None}
    run, _ = await begun(call, checked(RunAsked, {**body, "if_not_exists": "create"}), id_)
    return {"run_id": run.id}


async def _respond(call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    thread = await finding.thread(call)
    given: Sequence[Mapping[str, Any]] = params.get("responses") or [params]
    values = {str(one.get("interrupt_id")): one.get("response") for one in given}
    holder = await finding.holder(call, thread)
    known = {entry["id"] for entry in asked(holder)} if holder else set[str]()
    if not known >= values.keys():
        raise failed("conflict", "The thread does not wait for that", ", ".join(values)[:200])
    run, _ = await resumed(call, thread, holder, values, params.get("update"))
    return {"run_id": run.id}


async def _state(call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    thread = await finding.thread(call)
    found = views.values(thread, await finding.patch(call, thread, await finding.holder(call, thread)))
    keys = params.get("keys")
    return {"values": {name: found[name] for name in keys if name in found} if keys else found}


async def subscribed(call: Call, sent: Any) -> AsyncGenerator[dict[str, Any]]:
    """Return the events of a subscription, without end; raises `StepError` without such a thread."""
    body = checked(SubscribeAsked, sent)
    thread = await threads.found(call.scope, call.path("thread_id"))
    spaces = tuple(tuple(one) for one in body.namespaces) if body.namespaces is not None else None
    return _events(call, thread.id, Filter(frozenset(body.channels), spaces, body.depth, body.since))


async def _events(call: Call, thread: str, wanted: Filter) -> AsyncGenerator[dict[str, Any]]:
    async for run in runs_of(call, thread):
        channels = Channels(run, await finding.document(call, run))
        async for event in follow(call.scope, run, 0, ended, call.desk.draining):
            for made in channels.made(event):
                if wanted.takes(made):
                    if made["method"] == "input.requested":
                        await _settle(call, event["at"])
                    yield made


async def _settle(call: Call, at: int) -> None:
    left = at / 1000 + SETTLING - call.now / 1000
    if left > 0:
        await asyncio.sleep(left)
