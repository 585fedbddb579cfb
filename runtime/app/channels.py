"""Events of a run as the channels of a thread: what `threads.stream(...)` of `langgraph-sdk` subscribes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.app.views import question
from runtime.contract import WorkflowDocument
from runtime.graph.state import fold
from runtime.services.store.runs import Run

Made = tuple[str, list[str], Any]
"""Method, namespace and data of an event."""
PER_EVENT, PER_RUN = 64, 10**12
"""Numbers that one event of a run may use, and that one run of a thread may use."""


@dataclass
class Channels:
    """Turns the events of one run into events of channels."""

    run: Run
    document: WorkflowDocument
    _state: dict[str, Any] = field(default_factory=dict[str, Any])
    _open: dict[str, str] = field(default_factory=dict[str, str])
    """Messages that are being written, with their texts so far, by id."""
    _places: dict[str, str] = field(default_factory=dict[str, str])
    """Step of each of them."""
    _children: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]])
    _calls: int = 0

    def made(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield events with their numbers; the same event of a run always gives the same ones."""
        kind, data = str(event["kind"]), event["data"]
        make = {
            "run-started": self._begun, "run-resumed": self._begun, "step-started": self._step,
            "step-ended": self._stepped, "waiting": self._waiting, "token": self._token, "tool-called": self._tool,
            "model-called": self._worked,
            "run-ended": self._over,
        }.get(kind)  # fmt: skip
        for number, (method, namespace, value) in enumerate(make(data) if make else ()):
            seq = self.run.number * PER_RUN + event["seq"] * PER_EVENT + number
            params = {"namespace": namespace, "timestamp": event["at"], "data": value}
            yield {"type": "event", "event_id": str(seq), "seq": seq, "method": method, "params": params}

    def _begun(self, data: Mapping[str, Any]) -> Iterator[Made]:
        phase = "running" if self._state else "started"
        self._state = dict(data["state"])
        yield "lifecycle", [], {"event": phase, "graph_name": self.run.workflow}
        yield "values", [], dict(self._state)

    def _step(self, data: Mapping[str, Any]) -> Iterator[Made]:
        inside, step = _place(data)
        yield "custom", inside, {"name": "progress", "step": step, "phase": "start"}
        if not inside:
            yield "tasks", [], {"id": data["key"], "name": step}

    def _stepped(self, data: Mapping[str, Any]) -> Iterator[Made]:
        inside, step = _place(data)
        yield from self._closed(data["path"])
        yield "custom", inside, {"name": "progress", "step": step, "phase": "end", "outcome": data["outcome"]}
        writes, problem = dict(data["writes"]), data.get("problem")
        yield "updates", inside, {"node": step, "values": writes}
        if not inside:
            self._state = fold(self.document, self._state, data["writes"])
            yield (
                "tasks",
                [],
                {"id": data["key"], "name": step, "result": writes, "error": problem and problem["title"]},
            )
            yield "values", [], dict(self._state)

    def _waiting(self, data: Mapping[str, Any]) -> Iterator[Made]:
        asked = [question(one) for one in data["for"] if one["kind"] in ("approval", "ask")]
        if asked:
            yield "lifecycle", [], {"event": "interrupted", "graph_name": self.run.workflow}
        for one in asked:
            yield "input.requested", [], {"interrupt_id": one.id, "value": one.value, "payload": one.value}

    def _token(self, data: Mapping[str, Any]) -> Iterator[Made]:
        inside, step = _place(data)
        yield from self._child(inside)
        id_ = str(data["message"])
        if id_ not in self._open:
            self._open[id_], self._places[id_] = "", data["path"]
            yield (
                "messages",
                inside,
                {"event": "message-start", "role": "ai", "id": id_, "metadata": {"langgraph_node": step}},
            )
            start = {"event": "content-block-start", "index": 0, "content": {"type": "text", "text": ""}}
            yield "messages", inside, {**start, "id": id_}
        self._open[id_] += data["text"]
        delta = {"event": "content-block-delta", "index": 0, "delta": {"type": "text-delta", "text": data["text"]}}
        yield "messages", inside, {**delta, "id": id_}
        if data["last"]:
            yield from self._finished(id_)

    def _closed(self, path: str) -> Iterator[Made]:
        """Yield the ends of messages of a step that had none: of a process that died while they were written."""
        for id_ in [one for one, place in self._places.items() if place == path]:
            yield from self._finished(id_)

    def _finished(self, id_: str) -> Iterator[Made]:
        inside, _ = _place({"path": self._places.pop(id_)})
        text = {"type": "text", "text": self._open.pop(id_)}
        yield "messages", inside, {"event": "content-block-finish", "index": 0, "content": text, "id": id_}
        yield "messages", inside, {"event": "message-finish", "id": id_}

    def _tool(self, data: Mapping[str, Any]) -> Iterator[Made]:
        inside, _ = _place(data)
        yield from self._child(inside)
        self._calls += 1
        call = {"tool_call_id": f"{self.run.id}-{self._calls}", "tool_name": data["tool"]}
        yield "tools", inside, {"event": "tool-started", **call, "input": data.get("arguments")}
        done = {"status": "success", "content": data.get("result")}
        yield "tools", inside, {"event": "tool-finished", **call, "output": done}

    def _worked(self, data: Mapping[str, Any]) -> Iterator[Made]:
        yield from self._child(_place(data)[0])

    def _child(self, inside: Sequence[str]) -> Iterator[Made]:
        """Yield that something works inside of a step, the first time that it is heard of."""
        if inside and tuple(inside) not in self._children:
            self._children.add(tuple(inside))
            yield "lifecycle", list(inside), {"event": "started", "graph_name": inside[-1]}

    def _over(self, data: Mapping[str, Any]) -> Iterator[Made]:
        for place in list(self._places.values()):
            yield from self._closed(place)
        if data["state"] == "succeeded":
            yield "lifecycle", [], {"event": "completed", "graph_name": self.run.workflow}
        else:
            problem = data["problem"] or {"title": f"The run is {data['state']}"}
            yield "lifecycle", [], {"event": "failed", "graph_name": self.run.workflow, "error": problem["title"]}


def _place(data: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return where an event is: the steps around it, and the step itself."""
    _, *inside, step = str(data["path"]).split("/")
    return inside, step


@dataclass(frozen=True)
class Filter:
    """What a subscription wants."""

    channels: frozenset[str]
    namespaces: tuple[tuple[str, ...], ...] | None = None
    depth: int | None = None
    since: int = 0

    def takes(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event is wanted."""
        if event["seq"] <= self.since or not self.channels & _channels(event):
            return False
        place = tuple(event["params"]["namespace"])
        return self.namespaces is None or any(self._below(place, one) for one in self.namespaces)

    def _below(self, place: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
        pairs = zip(prefix, place, strict=False)
        near = self.depth is None or len(place) - len(prefix) <= self.depth
        return len(place) >= len(prefix) and near and all(_same(own, wanted) for wanted, own in pairs)


def _same(own: str, wanted: str) -> bool:
    return own == wanted or own.partition(":")[0] == wanted


def _channels(event: Mapping[str, Any]) -> set[str]:
    method = event["method"]
    if method == "custom":
        return {"custom", f"custom:{event['params']['data']['name']}"}
    return {"input"} if method == "input.requested" else {method}
