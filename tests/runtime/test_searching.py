"""Searches of the API: what is found, by what, and where they end."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from runtime.app.routes import threads as routes
from runtime.services.store.runs import new
from tests.runtime.conftest import World
from tests.runtime.test_api import client


@pytest.fixture
async def api(world: World) -> AsyncGenerator[httpx.AsyncClient]:
    async with client(world) as found:
        yield found


async def searched(api: httpx.AsyncClient, **asked: object) -> list[str]:
    response = await api.post("/threads/search", json=asked)
    response.raise_for_status()
    return [thread["thread_id"] for thread in response.json()]


@pytest.fixture
async def threads(world: World) -> list[str]:
    """Three threads, the newest first: each has its number, and the last one a workflow."""
    own = world.store.of("default").threads
    for number in range(3):
        world.clock.advance(1)
        await own.add(f"t{number}", {"number": number, "all": True}, world.clock.now())
    await own.next_number("t2", "main", world.clock.now())
    return ["t2", "t1", "t0"]


async def test_threads_are_found_by_metadata_and_workflow(api: httpx.AsyncClient, threads: list[str]) -> None:
    assert await searched(api, metadata={"all": True}) == threads
    assert await searched(api, metadata={"number": 1}) == ["t1"]
    assert await searched(api, workflow="main") == ["t2"]
    assert await searched(api, workflow="other") == []


@pytest.mark.usefixtures("threads")
async def test_a_search_that_would_look_at_too_many_threads_is_refused(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PATIENCE", 2)
    assert await searched(api, metadata={"number": 1}, limit=1) == ["t1"]
    for path in ("search", "count"):
        refused = await api.post(f"/threads/{path}", json={"metadata": {"number": 1}})
        assert (refused.status_code, refused.json()["type"]) == (400, "invalid-input")
        assert "say `status`, `ids` or `workflow` too" in refused.json()["detail"]
    assert await searched(api, metadata={"number": 1}, workflow="main") == []


async def test_items_are_found_below_their_namespace_alone(api: httpx.AsyncClient) -> None:
    for namespace in (["a"], ["a", "b"], ["ab"], ["b"]):
        body = {"namespace": namespace, "key": "k", "value": {"n": 1}}
        (await api.put("/store/items", json=body)).raise_for_status()
    found = (await api.post("/store/items/search", json={"namespace_prefix": ["a"]})).json()["items"]
    assert [item["namespace"] for item in found] == [["a"], ["a", "b"]]


async def test_runs_are_listed_by_workflow_and_state_newest_first(world: World, api: httpx.AsyncClient) -> None:
    for number, (workflow, state) in enumerate([("a", "failed"), ("b", "failed"), ("a", "succeeded"), ("a", "failed")]):
        await world.store.runs.add({**new(f"r{number}", workflow, "d", {}, number), "state": state})

    async def listed(query: str) -> list[str]:
        return [run["id"] for run in (await api.get(f"/runs?{query}")).json()["runs"]]

    assert await listed("state=failed") == ["r3", "r1", "r0"]
    assert await listed("workflow=a") == ["r3", "r2", "r0"]
    assert await listed("workflow=a&state=failed&limit=1") == ["r3"]
