"""Find what a request names, among what belongs to its tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from runtime.app import views
from runtime.app.call import Call
from runtime.contract import WorkflowDocument
from runtime.contract.threads_api import AssistantShown
from runtime.problems import failed
from runtime.services.store.kept import Entry
from runtime.services.store.runs import Run
from runtime.services.store.threads import Thread
from runtime.worker import threads


@dataclass(frozen=True)
class Assistant:
    """A workflow, and what an assistant adds to it."""

    id: str
    workflow: str
    context: Mapping[str, Any]


async def assistant(call: Call, id_: str) -> Assistant:
    """Return an assistant by its id, or a workflow by its name; raises `StepError` (`not-found`) without one."""
    for document in call.desk.documents.values():
        if id_ in (document.name, document.name.replace("-", "_"), views.assistant_id(document.name)):
            return Assistant(views.assistant_id(document.name), document.name, {})
    entry = await call.scope.assistants.get(id_)
    if entry is None:
        raise failed("not-found", "There is no such assistant", id_[:200])
    shown = kept(entry)
    return Assistant(shown.assistant_id, workflow(call, shown.graph_id), shown.context)


def kept(entry: Entry) -> AssistantShown:
    """Return an assistant that people have made, in the version that is in force."""
    return AssistantShown.model_validate(entry.body["versions"][entry.body["at"]])


def workflow(call: Call, name: str) -> str:
    """Return the name of a workflow that is served; clients may write `_` for `-`."""
    for known in (name, name.replace("_", "-")):
        if known in call.desk.documents:
            return known
    raise failed("not-found", "There is no such workflow", name[:200])


async def document(call: Call, run: Run) -> WorkflowDocument:
    """Return the workflow document that a run stays with."""
    found = await call.scope.specs.get(run.digest)
    if found is None:
        raise failed("not-found", "The workflow document of the run is gone", run.digest)
    return found


async def thread(call: Call) -> Thread:
    """Return the thread of the path; raises `StepError` (`not-found`) without one."""
    return await threads.found(call.scope, call.path("thread_id"))


async def run(call: Call) -> Run:
    """Return the run of the path, which has to be on the thread of the path."""
    found = await call.scope.runs.get(call.path("run_id"))
    if found is None or call.path("thread_id") != views.thread_of(found):
        raise failed("not-found", "There is no such run", call.path("run_id")[:200])
    return found


async def holder(call: Call, found: Thread) -> Run | None:
    """Return the run that has a thread, or had it last."""
    if found.active and (run_ := await call.scope.runs.get(found.active)):
        return run_
    runs = await call.scope.runs.of_thread(found.id)
    return runs[-1] if runs else None


async def patch(call: Call, found: Thread, run_: Run | None) -> Mapping[str, Any]:
    """Return the state fields that were set by hand since the run of a thread waits."""
    if not found.patch or run_ is None or run_.id != found.patch["run"]:
        return {}
    last = await call.last(run_)
    return found.patch["values"] if last and last.checkpoint["id"] == found.patch["at"] else {}


def holds(value: Any, wanted: Any) -> bool:
    """Return whether a value has what is wanted: all of its members, and theirs."""
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        own = cast("Mapping[str, Any]", value)
        return all(name in own and holds(own[name], one) for name, one in cast("Mapping[str, Any]", wanted).items())
    return bool(value == wanted)


def ordered(found: list[dict[str, Any]], by: str | None, order: str | None) -> list[dict[str, Any]]:
    """Return answers in the order that was asked for; newest first without one."""
    return sorted(found, key=lambda one: str(one[by or "created_at"]), reverse=(order or "desc") == "desc")


def page(
    found: Sequence[dict[str, Any]], limit: int, offset: int, select: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Return a part of a list, with the fields that are wanted."""
    part = found[offset : offset + limit]
    return [{name: value for name, value in one.items() if name in select} for one in part] if select else list(part)
