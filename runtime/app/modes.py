"""Events of a run to what a client of the LangGraph server follows: one source, several ways to look at it."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.app.views import question
from runtime.contract import WorkflowDocument
from runtime.graph.state import fold

Told = tuple[str, Any]
"""Name of a server-sent event, and its data."""


class Modes:
    """Tells the events of one run in the modes that were asked for."""

    def __init__(self, run: str, document: WorkflowDocument, modes: frozenset[str], *, nested: bool) -> None:
        self._run = run
        self._document = document
        self._modes = modes
        self._nested = nested
        self._state: dict[str, Any] = {}
        self._texts: dict[str, str] = {}

    def told(self, event: Mapping[str, Any]) -> Iterator[Told]:
        """Yield what an event means to the client."""
        kind, data = str(event["kind"]), event["data"]
        if kind in ("run-started", "run-resumed"):
            yield "metadata", {"run_id": self._run, "attempt": data["attempt"]}
        tell = {
            "run-started": self._begun, "run-resumed": self._begun, "step-started": self._progress,
            "step-ended": self._stepped, "waiting": self._waiting, "token": self._token, "run-ended": self._over,
        }.get(kind)  # fmt: skip
        for name, value in tell(data) if tell else ():
            if name.split("|")[0].split("/")[0] in self._modes or name in ("error", "end"):
                yield name, value
        if "events" in self._modes:
            yield "events", {"event": "on_custom_event", "name": kind, "data": data, "run_id": self._run}
        if "debug" in self._modes:
            yield "debug", {"type": kind, "timestamp": event["at"], "payload": data}

    def _own(self, data: Mapping[str, Any]) -> bool:
        return str(data["path"]).count("/") == 1

    def _begun(self, data: Mapping[str, Any]) -> Iterator[Told]:
        self._state = dict(data.get("state", {}))
        yield "values", dict(self._state)

    def _progress(self, data: Mapping[str, Any]) -> Iterator[Told]:
        if self._own(data) or self._nested:
            step = str(data["path"]).split("/", 1)[-1]
            yield self._name("custom", data), {"name": "progress", "step": step, "phase": "start"}
            yield self._name("tasks", data), {"id": data["key"], "name": step}

    def _stepped(self, data: Mapping[str, Any]) -> Iterator[Told]:
        own, step = self._own(data), str(data["path"]).split("/", 1)[-1]
        writes = data.get("writes", ())  # a run that was not started by this protocol does not tell its state
        if not own and not self._nested:
            return
        yield self._name("custom", data), {"name": "progress", "step": step, "phase": "end", "outcome": data["outcome"]}
        problem = data.get("problem")
        yield (
            self._name("tasks", data),
            {"id": data["key"], "name": step, "result": dict(writes), "error": problem and problem["title"]},
        )
        yield self._name("updates", data), {step: dict(writes)}
        if own:
            self._state = fold(self._document, self._state, writes)
            yield "values", dict(self._state)

    def _waiting(self, data: Mapping[str, Any]) -> Iterator[Told]:
        asked = [question(one).model_dump() for one in data["for"] if one["kind"] in ("approval", "ask")]
        if asked:
            yield "updates", {"__interrupt__": asked}
            yield "values", {**self._state, "__interrupt__": asked}

    def _token(self, data: Mapping[str, Any]) -> Iterator[Told]:
        if not self._own(data) and not self._nested:
            return
        id_, said = str(data["message"]), {"name": data["asker"], "id": data["message"]}
        about = {"langgraph_node": str(data["path"]).split("/", 1)[-1], "run_id": self._run}
        yield (
            self._name("messages-tuple", data),
            [{"type": "AIMessageChunk", "content": data["text"], **said}, about],
        )
        if id_ not in self._texts:
            yield "messages/metadata", {id_: {"metadata": about}}
        self._texts[id_] = self._texts.get(id_, "") + data["text"]
        state = "complete" if data["last"] else "partial"
        yield f"messages/{state}", [{"type": "ai", "content": self._texts[id_], **said}]

    def _over(self, data: Mapping[str, Any]) -> Iterator[Told]:
        if problem := data["problem"]:
            yield "error", {"error": problem["type"], "message": problem["title"]}
        elif data["state"] == "cancelled":
            yield "error", {"error": "cancelled", "message": "The run was cancelled"}

    def _name(self, mode: str, data: Mapping[str, Any]) -> str:
        """Return the name of an event; what happens inside of a step has that step's path behind it."""
        inside = str(data["path"]).split("/")[1:-1]
        return "|".join((mode, *inside))


def wire(name: str) -> str:
    """Return the name that clients expect: tuples of messages come as `messages`."""
    return name.replace("messages-tuple", "messages", 1)
