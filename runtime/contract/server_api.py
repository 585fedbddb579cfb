"""The routes of the LangGraph server's protocol, which `langgraph-sdk` speaks."""

from typing import Any

from pydantic import BaseModel

from runtime.contract import kept_api as k
from runtime.contract import threads_api as t
from runtime.contract.bodies import Answer, Parameter, Refusal, Role, Route

_XRAY = Parameter("xray", "query", "Sub-workflows are drawn in too; this says how deep.")
_SUBGRAPHS = Parameter("subgraphs", "query", "Accepted; states of sub-workflows are not told.")
_LAST = Parameter("Last-Event-ID", "header", "Id of the last event that is known already; `-1` for none.")
_MODES = Parameter("stream_mode", "query", "What is told: see `stream_mode` of a run.")
_ANY: dict[str, Any] = {}
_NONE: Refusal = (404, "not-found", "there is none with this id")
_BODY: Refusal = (400, "invalid-input", "the body is not what is described here")
_BUSY: Refusal = (409, "conflict", "the thread is busy, or the run does not wait for that")
_INPUT: Refusal = (400, "invalid-input", "the workflow's schema refuses the input")
_TAKEN: Refusal = (409, "conflict", "there is one with this id already")
_STREAM = (Answer(200, "server-sent events", media="text/event-stream", schema={"type": "string"}),)


def _told(body: type[BaseModel] | None, *, many: bool = False, status: int = 200) -> tuple[Answer, ...]:
    if many and body:
        return (Answer(status, "a list", items=body),)
    if body:
        return (Answer(status, "as described", body),)
    return (Answer(status, "done", media=""),)


def _route(
    method: Any,
    path: str,
    name: str,
    summary: str,
    role: Role,
    answers: tuple[Answer, ...],
    *more: Refusal,
    **rest: Any,
) -> Route:
    refusals = ((_BODY,) if rest.get("body") else ()) + ((_NONE,) if "{" in path else ()) + more
    return Route(method, path, name, summary, "", answers, "", role=role, refusals=refusals, group="server", **rest)


_JSON = (Answer(200, "values of the state, or `{__error__}` where the run has failed", schema=_ANY),)
_COUNT = (Answer(200, "how many there are", schema={"type": "integer"}),)
_GRAPH = (Answer(200, "`{nodes, edges}`", schema={"type": "object"}),)
_OBJECT = (Answer(200, "as described", schema={"type": "object"}),)

ASSISTANTS = (
    _route("POST", "/assistants", "createAssistant", "Make an assistant", "operator", _told(t.AssistantShown), _TAKEN,
           (404, "not-found", "there is no such workflow"), body=t.AssistantAsked),
    _route("POST", "/assistants/search", "searchAssistants", "List assistants", "reader",
           _told(t.AssistantShown, many=True), body=t.AssistantsAsked),
    _route("POST", "/assistants/count", "countAssistants", "Count assistants", "reader", _COUNT,
           body=t.AssistantsAsked),
    _route("GET", "/assistants/{assistant_id}", "getAssistant", "Show an assistant", "reader", _told(t.AssistantShown)),
    _route("PATCH", "/assistants/{assistant_id}", "updateAssistant", "Make another version of an assistant", "operator",
           _told(t.AssistantShown), (409, "conflict", "workflows that are served change in the specs only"),
           body=t.AssistantPatch),
    _route("DELETE", "/assistants/{assistant_id}", "deleteAssistant", "Delete an assistant", "operator",
           _told(None, status=204), (409, "conflict", "workflows that are served change in the specs only")),
    _route("GET", "/assistants/{assistant_id}/graph", "getAssistantGraph", "Steps and ways of its workflow", "reader",
           _GRAPH, parameters=(_XRAY,)),
    _route("GET", "/assistants/{assistant_id}/schemas", "getAssistantSchemas", "JSON Schemas of its workflow", "reader",
           _OBJECT),
    _route("GET", "/assistants/{assistant_id}/subgraphs", "getAssistantSubgraphs", "Sub-workflows by step", "reader",
           _OBJECT),
    _route("GET", "/assistants/{assistant_id}/subgraphs/{namespace}", "getAssistantSubgraph",
           "The sub-workflow of a step", "reader", _OBJECT),
    _route("POST", "/assistants/{assistant_id}/versions", "listAssistantVersions", "List versions of an assistant",
           "reader", _told(t.AssistantShown, many=True), body=t.Page),
    _route("POST", "/assistants/{assistant_id}/latest", "setLatestVersion", "Say which version is in force", "operator",
           _told(t.AssistantShown), (409, "conflict", "workflows that are served change in the specs only"),
           body=t.VersionAsked),
)  # fmt: skip

THREADS = (
    _route("POST", "/threads", "createThread", "Make a thread", "operator", _told(t.ThreadShown), _TAKEN,
           body=t.ThreadAsked),
    _route("POST", "/threads/search", "searchThreads", "List threads", "reader", _told(t.ThreadShown, many=True),
           body=t.ThreadsAsked),
    _route("POST", "/threads/count", "countThreads", "Count threads", "reader", _COUNT, body=t.ThreadsAsked),
    _route("POST", "/threads/prune", "pruneThreads", "Forget threads", "operator",
           (Answer(200, "`{pruned_count}`", schema={"type": "object"}),), body=t.PruneAsked),
    _route("GET", "/threads/{thread_id}", "getThread", "Show a thread", "reader", _told(t.ThreadShown)),
    _route("PATCH", "/threads/{thread_id}", "updateThread", "Change the metadata of a thread", "operator",
           _told(t.ThreadShown), body=t.ThreadPatch),
    _route("DELETE", "/threads/{thread_id}", "deleteThread", "Cancel and forget a thread with its runs", "operator",
           _told(None, status=204)),
    _route("POST", "/threads/{thread_id}/copy", "copyThread", "Make a thread with the same state", "operator",
           _told(t.ThreadShown)),
    _route("GET", "/threads/{thread_id}/state", "getThreadState", "State of a thread", "reader", _told(t.StateShown),
           parameters=(_SUBGRAPHS,)),
    _route("POST", "/threads/{thread_id}/state", "updateThreadState", "Set state by hand",
           "operator", _told(t.StateSet),
           (409, "conflict", "a run has the thread, and does not wait"),
           (422, "unknown-field", "the workflow has no such state field, or the value is of another type"),
           body=t.StateAsked),
    _route("GET", "/threads/{thread_id}/state/{checkpoint_id}", "getThreadStateAt", "State at a checkpoint", "reader",
           _told(t.StateShown), parameters=(_SUBGRAPHS,)),
    _route("POST", "/threads/{thread_id}/history", "getThreadHistory", "States of a thread, newest first", "reader",
           _told(t.StateShown, many=True), body=t.HistoryAsked),
    _route("GET", "/threads/{thread_id}/stream", "followThread", "Follow all runs of a thread", "reader", _STREAM,
           parameters=(_LAST,)),
)  # fmt: skip

_ON_THREAD = (_INPUT, _BUSY)
RUNS = (
    _route("POST", "/threads/{thread_id}/runs", "createRun", "Start a run on a thread", "operator", _told(t.RunShown),
           *_ON_THREAD, body=t.RunAsked),
    _route("GET", "/threads/{thread_id}/runs", "listThreadRuns", "List runs of a thread, newest first", "reader",
           _told(t.RunShown, many=True), (400, "invalid-input", "`limit` or `offset` is no number"),
           parameters=(Parameter("limit", "query", "How many.", "integer"),
                       Parameter("offset", "query", "How many are left out.", "integer"),
                       Parameter("status", "query", "Only those in this state."))),
    _route("POST", "/threads/{thread_id}/runs/wait", "waitRun", "Start a run on a thread and wait for it", "operator",
           _JSON, *_ON_THREAD, body=t.RunAsked),
    _route("POST", "/threads/{thread_id}/runs/stream", "streamRun", "Start a run on a thread and follow it", "operator",
           _STREAM, *_ON_THREAD, body=t.RunAsked),
    _route("GET", "/threads/{thread_id}/runs/{run_id}", "getRun", "Show a run", "reader", _told(t.RunShown)),
    _route("DELETE", "/threads/{thread_id}/runs/{run_id}", "deleteRun", "Forget a run that has ended", "operator",
           _told(None, status=204), (409, "conflict", "it has not ended")),
    _route("POST", "/threads/{thread_id}/runs/{run_id}/cancel", "cancelThreadRun", "Cancel a run", "operator",
           _told(None, status=204),
           parameters=(Parameter("wait", "query", "`1` or `true`: answer when it has ended."),
                       Parameter("action", "query", "`interrupt`, or `rollback`: its state is not kept."))),
    _route("GET", "/threads/{thread_id}/runs/{run_id}/join", "joinRun", "Wait for a run", "reader", _JSON),
    _route("GET", "/threads/{thread_id}/runs/{run_id}/stream", "joinStream", "Follow a run", "reader", _STREAM,
           parameters=(_LAST, _MODES)),
    _route("POST", "/runs/wait", "waitStateless", "Start a run and wait for it", "operator", _JSON, _INPUT,
           (404, "not-found", "there is no such assistant"), body=t.RunAsked),
    _route("POST", "/runs/stream", "streamStateless", "Start a run and follow it", "operator", _STREAM, _INPUT,
           (404, "not-found", "there is no such assistant"), body=t.RunAsked),
    _route("POST", "/runs/batch", "startBatch", "Start runs", "operator", _told(t.RunShown, many=True), _INPUT,
           (404, "not-found", "there is no such assistant"),
           body={"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/RunAsked"}}),
    _route("POST", "/runs/cancel", "cancelRuns", "Cancel runs", "operator", _told(None, status=204),
           body=t.CancelAsked),
)  # fmt: skip

SCHEDULES = (
    _route("POST", "/runs/crons", "createCron", "Start runs by a schedule", "operator", _told(k.ScheduleShown),
           (404, "not-found", "there is no such assistant"), _INPUT, body=k.ScheduleAsked),
    _route("POST", "/threads/{thread_id}/runs/crons", "createThreadCron", "Start runs on a thread by a schedule",
           "operator", _told(k.ScheduleShown), _INPUT, body=k.ScheduleAsked),
    _route("POST", "/runs/crons/search", "searchCrons", "List schedules", "reader", _told(k.ScheduleShown, many=True),
           body=k.SchedulesAsked),
    _route("POST", "/runs/crons/count", "countCrons", "Count schedules", "reader", _COUNT, body=k.SchedulesAsked),
    _route("PATCH", "/runs/crons/{cron_id}", "updateCron", "Change a schedule", "operator", _told(k.ScheduleShown),
           body=k.SchedulePatch),
    _route("DELETE", "/runs/crons/{cron_id}", "deleteCron", "Delete a schedule", "operator", _told(None, status=204)),
)  # fmt: skip

_ITEM: dict[str, Any] = {"anyOf": [{"$ref": "#/components/schemas/ItemShown"}, {"type": "null"}]}
STORE = (
    _route("PUT", "/store/items", "putItem", "Keep a value", "operator", _told(None, status=204), body=k.ItemAsked),
    _route("GET", "/store/items", "getItem", "Show a value", "reader",

                  (Answer(200, "the item, or `null`", schema=_ITEM),),
           (400, "invalid-input", "`key` is needed"),
           parameters=(Parameter("namespace", "query", "Its parts, with dots between them.",
                                 schema={"pattern": r"^[^\x00-\x1f]*$", "maxLength": 200}),
                       Parameter("key", "query", "Its key.", required=True,
                                 schema={"pattern": t.KEY, "maxLength": 200}))),
    _route("DELETE", "/store/items", "deleteItem", "Delete a value", "operator", _told(None, status=204),
           body=k.ItemNamed),
    _route("POST", "/store/items/search", "searchItems", "Find values", "reader", _told(k.ItemsShown),
           body=k.ItemsAsked),
    _route("POST", "/store/namespaces", "listNamespaces", "List namespaces", "reader", _told(k.NamespacesShown),
           body=k.NamespacesAsked),
)  # fmt: skip

_COMMAND: dict[str, Any] = {
    "type": "object",
    "required": ["id", "method"],
    "properties": {"id": {"type": "integer"}, "method": {"type": "string"}, "params": {"type": "object"}},
    "additionalProperties": False,
}
_WORDS = {"type": "array", "items": {"type": "string"}}
_NUMBER = {"type": "integer", "minimum": 0}
_CHANNELS: dict[str, Any] = {
    "type": "object",
    "required": ["channels"],
    "properties": {
        "channels": _WORDS,
        "namespaces": {"type": "array", "items": _WORDS},
        "depth": _NUMBER,
        "since": _NUMBER,
    },
    "additionalProperties": False,
}
PROTOCOL = (
    _route("POST", "/threads/{thread_id}/commands", "threadCommand", "Start, answer or stop by a command", "operator",

                  (Answer(200, "`{type: success, id, result}` or `{type: error, id, error, message}`",
                   schema={"type": "object"}),),
           body=_COMMAND),
    _route("POST", "/threads/{thread_id}/stream/events", "threadEvents", "Follow channels of a thread",
           "reader", _STREAM,
           body=_CHANNELS),
)  # fmt: skip

ABOUT = (
    Route("GET", "/ok", "ok", "Whether the process lives", "",
           (Answer(200, "it lives", schema={"type": "object"}),), "",
          role=None, group="server"),
    _route("GET", "/info", "info", "Version and abilities", "reader", _OBJECT),
)  # fmt: skip

SERVER: tuple[Route, ...] = (*ABOUT, *ASSISTANTS, *THREADS, *RUNS, *SCHEDULES, *STORE, *PROTOCOL)
"""Every operation of the protocol. Events also come over a WebSocket at `/threads/{thread_id}/stream/events`."""
