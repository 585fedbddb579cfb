"""The embedded store finds what is asked for by an index, however much of the past it keeps."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from runtime.services.store import Scope, Store
from runtime.services.store.runs import new, read
from tests.runtime.conftest import World

Asked = Callable[[Store, Scope], Awaitable[object]]
ASKED: dict[str, tuple[int, Asked]] = {
    "a run": (1, lambda store, _: store.runs.get("r")),
    "a run of a tenant": (1, lambda _, own: own.runs.get("r")),
    "a claim": (2, lambda store, _: store.runs.claim("w", 1)),
    "the length of the queue": (2, lambda store, _: store.runs.depth(1)),
    "expired leases": (2, lambda store, _: store.runs.expired(1)),
    "timers that are over": (2, lambda store, _: store.runs.due_to_wake(1)),
    "runs that listen": (2, lambda store, _: store.runs.listening()),
    "runs that are held": (2, lambda store, _: store.runs.held()),
    "runs that were given up": (1, lambda store, _: store.runs.given_up()),
    "runs under way": (1, lambda store, _: store.runs.under_way()),
    "runs under way of a workflow": (2, lambda store, _: store.runs.active("w")),
    "running runs of a workflow": (2, lambda store, _: store.runs.running("w")),
    "runs of a state": (1, lambda store, _: store.runs.find({"state": "failed"})),
    "runs of a state, of a tenant": (2, lambda _, own: own.runs.find({"state": "failed"})),
    "runs of a workflow, of a tenant": (2, lambda _, own: own.runs.find({"workflow": "w"})),
    "runs of both, of a tenant": (3, lambda _, own: own.runs.find({"workflow": "w", "state": "failed"})),
    "the runs of a thread": (2, lambda store, _: store.runs.of_thread("t")),
    "the runs of a thread of a tenant": (2, lambda _, own: own.runs.of_thread("t")),
    "the cancelling of a run of a tenant": (1, lambda _, own: own.runs.seize("r", 1)),
    "the events of a run": (2, lambda store, _: store.run_events.after("r")),
    "the events of a run of a tenant": (2, lambda _, own: own.run_events.after("r")),
    "threads of a status": (2, lambda _, own: anext(own.threads.ordered({"status": "busy"}, "created", -1), None)),
    "threads of a workflow": (2, lambda _, own: anext(own.threads.ordered({"workflow": "w"}, "created", -1), None)),
    "a thread that is given to a run": (1, lambda _, own: own.threads.hand_over("t", "", "r", 1)),
    "events to be delivered": (1, lambda store, _: store.events.fresh()),
    "events of a channel": (2, lambda store, _: store.events.since("c", 1)),
    "dead letters of a tenant": (2, lambda _, own: own.events.dead("name")),
    "what is to be forgotten": (1, lambda store, _: store.forget(1, 1)),
    "what belongs to a run": (1, lambda store, _: store.erase(read(new("r", "w", "d", {}, 1)))),
}
"""What is asked for, and how many fields of a condition the index has to take at least."""


@pytest.mark.parametrize("what", ASKED)
async def test_an_index_serves(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """There is none for a bare value, which may be in an array, nor for one of several: then every row is read."""
    asked = list[tuple[AsyncCollection[Any], Any, Any]]()

    def noting(real: Any) -> Any:
        def noted(self: AsyncCollection[Any], where: Any, *args: Any, sort: Any = None, **more: Any) -> Any:
            asked.append((self, where, sort))
            return real(self, where, *args, **more, **({"sort": sort} if sort else {}))

        return noted

    fields, ask = ASKED[what]
    with monkeypatch.context() as patched:
        for method in ("find", "find_one", "find_one_and_update", "update_one", "delete_many"):
            patched.setattr(AsyncCollection, method, noting(getattr(AsyncCollection, method)))
        await ask(world.store, world.store.of("default"))
    assert asked
    for rows, where, sort in asked:
        plan = (await rows.find(where, sort=sort).explain())["queryPlanner"]["winningPlan"]
        step = plan[0]["detail"]
        assert step.startswith(f"SEARCH {rows.name} USING"), where
        assert step.count("?") >= fields, (where, step)
