"""`apm run --server` and `apm runs --server`: the same over the HTTP API of a runtime that runs elsewhere."""

import json
import os
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from runtime.cli.reports import RunResult, gathered, path_step, step_line
from runtime.cli.session import Echo, quiet
from runtime.problems import Failure, from_json
from runtime.services.store.collection import Row
from runtime.services.store.runs import UNDER_WAY

KEY = "APM_API_KEY"
"""Environment variable with the key; an option would show it in the list of processes."""
TIMEOUT = httpx.Timeout(10, read=60)
"""Seconds; a stream of events says something every 15 s."""


PAGE = 1000
"""Threads that are asked for at a time."""


@contextmanager
def server(url: str, echo: Echo = quiet, *, verbose: bool = False,
           transport: httpx.BaseTransport | None = None) -> Generator["Server"]:  # fmt: skip
    """Yield the runtime at an address, which is asked with the key of `APM_API_KEY`.

    Raises:
        Failure: it cannot be reached, or refuses what is asked of it.
    """
    key = os.environ.get(KEY, "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, transport=transport) as client:
            yield Server(client, echo, verbose)
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        reason = str(error) or type(error).__name__
        raise Failure(
            f"The runtime at {url} does not answer: {reason}", "is the address right, and does it run?"
        ) from None


@dataclass(frozen=True)
class Server:
    """A runtime that answers; every method raises `Failure` with what it says when it refuses."""

    client: httpx.Client
    echo: Echo
    verbose: bool

    def run(self, workflow: str, input: Mapping[str, Any]) -> RunResult:  # noqa: A002  (it is called so in the specs)
        """Start a run and follow it until it ends or waits for a person; Ctrl-C leaves it to the server."""
        body = {"workflow": workflow, "input": input}
        # A key of our own: a start whose answer was lost on the way can be sent again.
        started = self._ask("POST", "/runs", json=body, headers={"Idempotency-Key": uuid4().hex})
        self.echo(f"run {started['id']} of {workflow}, at {self.client.base_url}")
        try:
            return self.follow(started["id"])
        except KeyboardInterrupt:
            self.echo("not followed any more; the run goes on at the server")
            return self.show(started["id"])

    def follow(self, id_: str) -> RunResult:
        """Return where a run stands as soon as it has ended or waits for a person; its steps are echoed."""
        for event in self._events(id_):
            kind, data = event["kind"], event["data"]
            if kind == "step-ended" and (self.verbose or data["verb"] not in ("set", "switch")):
                self.echo(step_line(path_step(data)))
            elif kind == "waiting" and any(one["kind"] in ("approval", "ask") for one in data["for"]):
                found = self.show(id_)
                if found.status == "waiting":
                    return found
        return self.show(id_)

    def show(self, id_: str) -> RunResult:
        """Return where a run stands, with its path."""
        found = self._ask("GET", f"/runs/{id_}")
        return self._result(found, self._events(id_, follow="false"))

    def list_runs(self, workflow: str | None, status: str | None, limit: int) -> list[RunResult]:
        """Return runs, newest first, without their paths."""
        wanted = {"workflow": workflow, "state": status, "limit": str(limit)}
        found = self._ask("GET", "/runs", params={name: value for name, value in wanted.items() if value})
        return [self._result(run, ()) for run in found["runs"]]

    def under_way(self, workflow: str) -> list[str]:
        """Return the ids of the runs of a workflow that have not ended, newest first."""
        found: list[dict[str, Any]] = []
        for state in UNDER_WAY:
            asked = {"workflow": workflow, "state": state, "limit": "500"}
            found += self._ask("GET", "/runs", params=asked)["runs"]
        return [run["id"] for run in sorted(found, key=lambda run: -run["created"])]

    def threads(self, workflow: str) -> list[str]:
        """Return the ids of the threads whose newest run is of a workflow, newest first."""
        found: list[str] = []
        while True:
            asked = {"workflow": workflow, "limit": PAGE, "offset": len(found), "select": ["thread_id"]}
            page: Any = self._ask("POST", "/threads/search", json=asked)
            found += [thread["thread_id"] for thread in page]
            if len(page) < PAGE:
                return found

    def answer(self, id_: str, value: Any, *, to: str | None, comment: str, by: str) -> RunResult:
        """Answer what a run waits for, and follow it."""
        body = {"value": value, "comment": comment, "by": by} | ({"to": to} if to else {})
        self._ask("POST", f"/runs/{id_}/answer", json=body)
        return self.follow(id_)

    def cancel(self, id_: str) -> RunResult:
        """Cancel a run."""
        self._ask("POST", f"/runs/{id_}/cancel")
        return self.show(id_)

    def revive(self, id_: str) -> RunResult:
        """Take up a run again that was given up."""
        self._ask("POST", f"/runs/{id_}/revive")
        return self.show(id_)

    def letters(self, name: str) -> list[Mapping[str, Any]]:
        """Return dead letters, oldest first: `{id, name, channel, payload, reason, at}`."""
        return self._ask("GET", "/letters", params={"name": name} if name else {})["letters"]

    def redeliver(self, id_: str) -> None:
        """Publish a dead letter again."""
        self._ask("POST", "/letters/redeliver", json={"id": id_})

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        response = self.client.request(method, path, **more)
        if response.is_success:
            return response.json()
        raise _refused(response)

    def _events(self, id_: str, follow: str = "true") -> Iterator[Row]:
        """Yield everything that has happened, and what happens until the run has ended: `{kind, data}`."""
        kind = ""
        with self.client.stream("GET", f"/runs/{id_}/events", params={"follow": follow}) as response:
            if not response.is_success:
                response.read()
                raise _refused(response)
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind:
                    yield {"kind": kind, "data": json.loads(value)}

    def _result(self, found: Mapping[str, Any], events: Iterable[Row]) -> RunResult:
        started, now = found["started"] or found["created"], int(time.time() * 1000)
        waiting: Any = found["waiting"] if found["state"] == "waiting" else ()
        return RunResult(
            id=found["id"],
            workflow=found["workflow"],
            status=found["state"],
            **gathered(events),
            output=found["output"],
            problem=from_json(found["problem"]) if found["problem"] else None,
            waiting=waiting,
            seconds=max((found["ended"] or now) - started, 0) / 1000,  # the clock of the server may be ahead
            attempts=found["attempt"],
            digest=found["digest"],
            provider="",
            created=found["created"],
            overdue=0.0,
            server=str(self.client.base_url),
        )


def _refused(response: httpx.Response) -> Failure:
    try:
        said = response.json()
        title, detail = str(said["title"]), str(said.get("detail") or "")
    except (ValueError, KeyError, TypeError):
        return Failure(f"{response.url} answered {response.status_code}", "is this the HTTP API of a runtime?")
    if response.status_code == 401:
        return Failure(title, f"put a key of the runtime into the environment variable {KEY}")
    return Failure(title, detail)
