"""The embedded store finds what is asked for often by an index, however much of the past it keeps."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from tests.runtime.conftest import World

ASKED: dict[str, Callable[[World], Awaitable[object]]] = {
    "a claim": lambda world: world.store.runs.claim("w", 1),
    "the events of a run": lambda world: world.store.run_events.after("r"),
    "the runs of a thread": lambda world: world.store.runs.of_thread("t"),
    "expired leases": lambda world: world.store.runs.expired(1),
    "a run": lambda world: world.store.runs.get("r"),
}


@pytest.mark.parametrize("what", ASKED)
async def test_an_index_serves(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """There is none for a bare value, which may be in an array: then every row is read."""
    asked = list[tuple[AsyncCollection[Any], Any]]()

    def noting(real: Any) -> Any:
        def noted(self: AsyncCollection[Any], where: Any, *args: Any, **more: Any) -> Any:
            asked.append((self, where))
            return real(self, where, *args, **more)

        return noted

    with monkeypatch.context() as patched:
        for method in ("find", "find_one", "find_one_and_update"):
            patched.setattr(AsyncCollection, method, noting(getattr(AsyncCollection, method)))
        await ASKED[what](world)
    rows, where = asked[0]
    plan = (await rows.find(where).explain())["queryPlanner"]["winningPlan"]
    assert [step["detail"].split(" idx_")[0].split(" sqlite")[0] for step in plan] == [
        f"SEARCH {rows.name} USING INDEX"
    ]
