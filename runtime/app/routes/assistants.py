"""Assistants: the workflows that are served, and what people make of them."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from runtime import steps as verbs
from runtime.app import finding, views
from runtime.app.call import Call, Handler, nothing, shown
from runtime.contract import Step, WorkflowDocument
from runtime.contract.threads_api import (
    AssistantAsked,
    AssistantPatch,
    AssistantsAsked,
    AssistantShown,
    Page,
    VersionAsked,
)
from runtime.graph.frame import END
from runtime.nodes.workflow import WorkflowStep
from runtime.problems import failed
from runtime.services.store.kept import Entry


async def _create(call: Call) -> Response:
    body = await call.body(AssistantAsked)
    workflow = finding.workflow(call, body.graph_id)
    id_ = body.assistant_id or str(uuid4())
    at = views.moment(call.now)
    made = AssistantShown(
        assistant_id=id_,
        graph_id=body.graph_id,  # as it was asked for: clients look for what they have sent
        name=body.name or workflow,
        description=body.description,
        config=body.config,
        context=body.context,
        metadata=body.metadata,
        version=1,
        created_at=at,
        updated_at=at,
    )
    if not await call.scope.assistants.add(id_, {"versions": [made.model_dump()], "at": 0}, call.now):
        entry = await call.scope.assistants.get(id_)
        if body.if_exists == "raise" or entry is None:
            raise failed("conflict", "There is an assistant with this id", id_)
        return shown(finding.kept(entry))
    return shown(made)


async def _all(call: Call, asked: AssistantsAsked) -> list[dict[str, Any]]:
    found = [views.served(document) for document in call.desk.documents.values()]
    found += [finding.kept(entry) async for entry in call.scope.assistants.find({})]
    fits = [one for one in found if _fits(one, asked)]
    return finding.ordered([one.model_dump() for one in fits], asked.sort_by, asked.sort_order)


def _fits(one: AssistantShown, asked: AssistantsAsked) -> bool:
    graph = asked.graph_id is None or asked.graph_id.replace("_", "-") == one.graph_id.replace("_", "-")
    named = asked.name is None or asked.name.lower() in one.name.lower()
    return graph and named and finding.holds(one.metadata, asked.metadata)


async def _search(call: Call) -> Response:
    asked = await call.body(AssistantsAsked)
    found = await _all(call, asked)
    more = {"X-Pagination-Next": str(asked.offset + asked.limit)} if len(found) > asked.offset + asked.limit else {}
    return JSONResponse(finding.page(found, asked.limit, asked.offset, asked.select), headers=more)


async def _count(call: Call) -> Response:
    return JSONResponse(len(await _all(call, await call.body(AssistantsAsked))))


async def _get(call: Call) -> Response:
    found = await finding.assistant(call, call.path("assistant_id"))
    entry = await call.scope.assistants.get(found.id)
    return shown(finding.kept(entry) if entry else views.served(call.desk.documents[found.workflow]))


async def _entry(call: Call) -> Entry:
    found = await finding.assistant(call, call.path("assistant_id"))
    entry = await call.scope.assistants.get(found.id)
    if entry is None:
        raise failed("conflict", "A workflow that is served changes in its spec", found.workflow)
    return entry


async def _update(call: Call) -> Response:
    body, entry = await call.body(AssistantPatch), await _entry(call)
    old, versions = finding.kept(entry), list(entry.body["versions"])
    if body.graph_id:
        finding.workflow(call, body.graph_id)
    given = body.model_dump(exclude_none=True)
    given["metadata"] = {**old.metadata, **given.get("metadata", {})}
    more = {"version": len(versions) + 1, "updated_at": views.moment(call.now)}
    versions.append(old.model_dump() | given | more)
    await call.scope.assistants.set(entry.id, {"versions": versions, "at": len(versions) - 1}, call.now)
    return shown(AssistantShown.model_validate(versions[-1]))


async def _latest(call: Call) -> Response:
    body, entry = await call.body(VersionAsked), await _entry(call)
    if body.version > len(entry.body["versions"]):
        raise failed("not-found", "There is no such version", str(body.version))
    await call.scope.assistants.set(entry.id, {**entry.body, "at": body.version - 1}, call.now)
    return shown(AssistantShown.model_validate(entry.body["versions"][body.version - 1]))


async def _versions(call: Call) -> Response:
    asked = await call.body(Page)
    found = await finding.assistant(call, call.path("assistant_id"))
    entry = await call.scope.assistants.get(found.id)
    known = entry.body["versions"] if entry else [views.served(call.desk.documents[found.workflow]).model_dump()]
    fits = [one for one in reversed(known) if finding.holds(one["metadata"], asked.metadata)]
    return JSONResponse(finding.page(fits, asked.limit, asked.offset, None))


async def _delete(call: Call) -> Response:
    await call.scope.assistants.remove((await _entry(call)).id)
    return nothing()


# --- what its workflow looks like ----------------------------------------------------------------------------------


async def _document(call: Call) -> WorkflowDocument:
    return call.desk.documents[(await finding.assistant(call, call.path("assistant_id"))).workflow]


async def _graph(call: Call) -> Response:
    document = await _document(call)
    depth = {"true": 20, "false": 0, "": 0}.get(call.query("xray").lower())
    nodes, edges = _drawn(call, document, "", call.number("xray", 0, 20) if depth is None else depth)
    return JSONResponse({"nodes": [{"id": "__start__", "type": "schema"}, *nodes, {"id": "__end__", "type": "schema"}],
                         "edges": edges})  # fmt: skip


def _drawn(call: Call, document: WorkflowDocument, prefix: str, depth: int) -> tuple[list[Any], list[Any]]:
    steps = verbs.parse(document.steps)
    nodes: list[Any] = [{"id": prefix + one.id, "type": "runnable", "data": {"name": one.id}} for one in steps]
    edges: list[Any] = [] if prefix else [{"source": "__start__", "target": steps[0].id}]
    following = [*(step.id for step in steps[1:]), END]
    for step, below in zip(steps, following, strict=True):
        edges += _ways(step, below, prefix)
        if depth and isinstance(step, WorkflowStep) and step.workflow in call.desk.documents:
            inner = _drawn(call, call.desk.documents[step.workflow], f"{prefix}{step.id}:", depth - 1)
            nodes, edges = nodes + inner[0], edges + inner[1]
    return nodes, edges


def _ways(step: Step, below: str, prefix: str) -> list[dict[str, Any]]:
    targets = list(dict.fromkeys([*verbs.targets(step)] or [step.next or below]))
    if not step.next and below not in targets and verbs.name_of(step) != "switch":
        targets.append(below)
    at = [("__end__" if not prefix else prefix.rstrip(":")) if one == END else prefix + one for one in targets]
    more = {"conditional": True} if len(at) > 1 else {}
    return [{"source": prefix + step.id, "target": target, **more} for target in at]


async def _schemas(call: Call) -> Response:
    document = await _document(call)
    fields = {
        name: ({} if field.type == "any" else {"type": field.type})
        | ({"description": field.description} if field.description else {})
        for name, field in document.state.items()
    }
    output: dict[str, Any] = {"type": "object", "properties": {name: {} for name in document.output}}
    state = {"type": "object", "title": document.name, "properties": fields}
    return JSONResponse(
        {"graph_id": document.name, "input_schema": document.input or {"type": "object"}, "output_schema": output,
         "state_schema": state, "config_schema": {}, "context_schema": document.input or {"type": "object"}}
    )  # fmt: skip


async def _subgraphs(call: Call) -> Response:
    document = await _document(call)
    wanted = call.request.path_params.get("namespace")
    found = {
        step.id: {"graph_id": step.workflow, "input_schema": call.desk.documents[step.workflow].input}
        for step in verbs.walk(verbs.parse(document.steps))
        if isinstance(step, WorkflowStep) and step.workflow in call.desk.documents
    }
    if wanted is not None and wanted not in found:
        raise failed("not-found", "No step with this name runs a sub-workflow", str(wanted)[:200])
    return JSONResponse({wanted: found[wanted]} if wanted else found)


HANDLERS: Mapping[str, Handler] = {
    "createAssistant": _create, "searchAssistants": _search, "countAssistants": _count, "getAssistant": _get,
    "updateAssistant": _update, "deleteAssistant": _delete, "getAssistantGraph": _graph,
    "getAssistantSchemas": _schemas, "getAssistantSubgraphs": _subgraphs, "getAssistantSubgraph": _subgraphs,
    "listAssistantVersions": _versions, "setLatestVersion": _latest,
}  # fmt: skip
