"""What grows: workers, runs in the store, steps of a workflow, the state of a run."""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from benchmarks.processes import PURE, SAVED, Load, Place, document, followed, load, send
from runtime.services.store.collection import pack
from runtime.services.store.runs import new
from runtime.settings import Settings

BATCH = 2000


@contextmanager
def place() -> Generator[Place]:
    """Yield a folder with a store of its own."""
    with tempfile.TemporaryDirectory() as name:
        found = Place(Path(name))
        with found.stack:
            yield found


def row(name: str, found: Load) -> None:
    """Print what a load has cost."""
    print(f"{name:<34} {found.rate:8.1f} {found.median:8.0f} {found.late:8.0f} {found.cpu:8.1f} {found.store:8.1f}")


def workers(counts: Sequence[int], runs: int) -> None:
    """Print runs with checkpoints by numbers of worker processes, over one API and one store."""
    for count in counts:
        with place() as here, ExitStack() as stack:
            here.write(document("bench", [SAVED] * 5))
            api = stack.enter_context(here.served("api"))
            pids = [stack.enter_context(here.served("worker")).pid for _ in range(count)]
            client = partial(followed, api.port, "bench", {})
            row(f"{count} workers, 5 saved steps", load(client, 20, runs, [api.pid, *pids], [here.store]))


def rows(counts: Sequence[int], runs: int) -> None:
    """Print runs, and lists of runs and threads, with so many ended runs and idle threads in the store."""
    for count in counts:
        with place() as here:
            here.write(document("bench", [PURE] * 5))
            _fill(here.uri, count)
            with here.served("all") as api:
                found = load(partial(followed, api.port, "bench", {}), 20, runs, [api.pid], [here.store])
                row(f"run, of {count:,}", found)
                for name, *request in LISTS:
                    found = load(partial(_listed, api.port, *request), 1, 20, [api.pid], [here.store])
                    row(f"{name}, of {count:,}", found)


async def _listed(port: int, method: str, path: str, body: bytes) -> None:
    answer = await send(port, method, path, body)
    if b" 200 " not in answer[:20] or b'"created' not in answer:
        raise SystemExit(f"{path} has found nothing: {answer[:500].decode()}")


LISTS = (
    ("runs of a state", "GET", "/runs?state=failed&limit=50", b""),
    ("threads", "POST", "/threads/search", b'{"limit": 10}'),
    ("busy threads", "POST", "/threads/search", b'{"limit": 10, "status": "busy"}'),
    ("threads of a user", "POST", "/threads/search", b'{"limit": 5, "metadata": {"user": 7}}'),
)
USERS = 1000
RARE = 100
"""One run in so many has failed, and one thread in so many is busy."""
LATER = 10**14
"""When runs have ended and threads were used last: the retention does not forget them meanwhile."""


def _fill(uri: str, count: int) -> None:
    """Put ended runs, each with a thread and an event, into a store that has no indexes yet."""
    with MongoClient[dict[str, Any]](uri) as client:
        database = client[Settings().database]
        for start in range(0, count, BATCH):
            ids = [f"r{number}" for number in range(start, min(start + BATCH, count))]
            database["runs"].insert_many([_run(id_, at) for at, id_ in enumerate(ids, start + 1)])
            database["threads"].insert_many([_thread(id_, at) for at, id_ in enumerate(ids, start + 1)])
            database["run_events"].insert_many([_event(id_) for id_ in ids])


def _run(id_: str, at: int) -> dict[str, Any]:
    state = "succeeded" if at % RARE else "failed"
    return {**new(id_, "bench", "bench", {}, at), "state": state, "started": at, "ended": LATER, "thread": id_}


def _thread(id_: str, at: int) -> dict[str, Any]:
    empty = {"state": "{}", "output": "{}", "patch": "{}", "active": "", "dropped": "", "runs": 1}
    times = {"created": at, "updated": LATER}
    kept = {"status": "idle" if at % RARE else "busy", "workflow": "bench", "metadata": pack({"user": at % USERS})}
    return {"_id": id_, "tenant": "default"} | times | kept | empty


def _event(id_: str) -> dict[str, Any]:
    return {"_id": f"{id_}|1", "run": id_, "seq": 1, "kind": "run-ended", "at": 1, "data": "{}", "tenant": "default"}


def steps(counts: Sequence[int]) -> None:
    """Print CPU milliseconds a step of workflows with so many saved steps."""
    for count in counts:
        with place() as here:
            here.write(document("bench", [SAVED] * count))
            with here.served("all") as api:
                found = load(partial(followed, api.port, "bench", {}), 1, max(2, 50 // count), [api.pid], [here.store])
                print(f"{f'{count} saved steps':<34} {found.cpu / count:8.2f} {found.store / count:8.2f}")


def states(sizes: Sequence[int]) -> None:
    """Print CPU milliseconds of a run that keeps so many bytes of state over 5 saved steps."""
    state = {"text": {"type": "string", "default": ""}}
    for size in sizes:
        with place() as here:
            first = {"set": {"text": "${input.text}"}}
            here.write(document("bench", [first, *[SAVED] * 5], state=state))
            with here.served("all") as api:
                client = partial(followed, api.port, "bench", {"text": "x" * size})
                found = load(client, 1, 5, [api.pid], [here.store])
                print(f"{f'{size / 1000:,.0f} kB of state':<34} {found.cpu:8.1f} {found.store:8.1f}")
