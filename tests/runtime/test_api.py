"""The API: who may call it, what it refuses and how, and what it says about runs."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from runtime.app import reachable
from runtime.app.api import Api
from runtime.app.series import announce
from runtime.problems import Failure
from runtime.services.store.runs import new
from runtime.settings import Key
from runtime.worker import starting
from runtime.worker.starting import Start
from tests.runtime.conftest import World, workflow

ASK = """
input: {type: object, properties: {n: {type: integer}}}
output: {answer: "${steps.q.output}"}
steps: [{id: q, ask: {question: "More than {{ input.n }}", schema: {type: integer}}}]
"""


def client(world: World, *keys: str, full: bool = True) -> httpx.AsyncClient:
    world.documents = {"main": workflow(ASK)}
    settings = replace(
        world.executor.settings, api_keys=tuple(Key(f"k{n}", ("admin",), key) for n, key in enumerate(keys))
    )
    api = Api(settings, world.store, world.clock, world.telemetry, world.documents, None, full=full)
    announce(world.telemetry, world.documents.values())
    return httpx.AsyncClient(transport=httpx.ASGITransport(api.asgi()), base_url="http://apm")


@pytest.fixture
async def api(world: World) -> AsyncGenerator[httpx.AsyncClient]:
    async with client(world) as found:
        yield found


async def test_a_run_is_started_answered_and_shown(world: World, api: httpx.AsyncClient) -> None:
    started = await api.post("/runs", json={"workflow": "main", "input": {"n": 3}})
    assert (started.status_code, started.json()["state"]) == (201, "queued")
    place = started.headers["location"]
    await world.go_on(started.json()["id"])
    assert (await api.get(place)).json()["waiting"][0]["message"] == "More than 3"
    answered = await api.post(f"{place}/answer", json={"value": 5, "by": "ada"})
    assert answered.json()["state"] == "queued"
    await world.go_on(started.json()["id"])
    shown = (await api.get(place)).json()
    assert (shown["state"], shown["output"]) == ("succeeded", {"answer": 5})
    assert [run["id"] for run in (await api.get("/runs?state=succeeded")).json()["runs"]] == [shown["id"]]


async def test_the_same_idempotency_key_starts_one_run(api: httpx.AsyncClient) -> None:
    for _ in range(2):
        found = await api.post("/runs", json={"workflow": "main"}, headers={"Idempotency-Key": "order-7"})
        assert found.json()["id"] == "order-7"
    assert len((await api.get("/runs")).json()["runs"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "type_"),
    [
        ("POST", "/runs", {"workflow": "nope"}, 404, "not-found"),
        ("POST", "/runs", {"input": {}}, 400, "invalid-input"),
        ("POST", "/runs", {"workflow": "main", "input": {"n": "x"}}, 400, "invalid-input"),
        ("POST", "/runs", [], 400, "invalid-input"),
        ("POST", "/runs", {"workflow": "main", "priority": "high"}, 400, "invalid-input"),
        ("GET", "/runs/nope", None, 404, "not-found"),
        ("GET", "/runs?limit=x", None, 400, "invalid-input"),
        ("POST", "/runs/nope/cancel", {}, 404, "not-found"),
        ("POST", "/runs/nope/revive", {}, 404, "not-found"),
        ("POST", "/runs/nope/answer", {"value": 1}, 404, "not-found"),
        ("POST", "/runs/nope/answer", {}, 400, "invalid-input"),
    ],
)
async def test_refusals_are_problems(
    api: httpx.AsyncClient, method: str, path: str, body: Any, status: int, type_: str
) -> None:
    found = await api.request(method, path, json=body)
    assert (found.status_code, found.json()["type"]) == (status, type_)
    assert found.headers["content-type"] == "application/problem+json"


async def test_a_stream_can_be_taken_up_where_it_broke_off(world: World, api: httpx.AsyncClient) -> None:
    found = await world.run(workflow("steps: [{id: s, function: text-statistics, with: {text: x}}]"))
    whole = (await api.get(f"/runs/{found.id}/events")).text
    ids = [line.removeprefix("id: ") for line in whole.splitlines() if line.startswith("id: ")]
    kinds = [line.removeprefix("event: ") for line in whole.splitlines() if line.startswith("event: ")]
    assert kinds == ["run-started", "step-started", "step-ended", "run-ended"]
    rest = (await api.get(f"/runs/{found.id}/events", headers={"Last-Event-ID": ids[1]})).text
    assert [line for line in rest.splitlines() if line.startswith("id: ")] == [f"id: {one}" for one in ids[2:]]


@pytest.mark.parametrize("last", ["-1", "9" * 20, "1" * 5000, "abc", "1:2", f"{'9' * 20}-1", f"{'1' * 5000}:1-1"])
async def test_who_has_seen_what_there_is_not_hears_everything(world: World, api: httpx.AsyncClient, last: str) -> None:
    found = await world.run(workflow("steps: [{id: s, function: text-statistics, with: {text: x}}]"))
    for path in (f"/runs/{found.id}/events", f"/threads/{found.id}/runs/{found.id}/stream"):
        whole = await api.get(path)
        again = await api.get(path, headers={"Last-Event-ID": last})
        assert (again.status_code, again.text) == (200, whole.text)


async def test_what_has_happened_so_far_can_be_asked_for(world: World, api: httpx.AsyncClient) -> None:
    found = await world.run(workflow("steps: [{id: s, ask: {question: Why}}]"))
    assert found.status == "waiting"
    so_far = (await api.get(f"/runs/{found.id}/events", params={"follow": "false"})).text
    assert "event: waiting" in so_far
    refused = await api.get(f"/runs/{found.id}/events", params={"follow": "no"})
    assert (refused.status_code, refused.json()["type"]) == (400, "invalid-input")


async def test_a_cancelled_run_is_not_executed(world: World, api: httpx.AsyncClient) -> None:
    id_ = (await api.post("/runs", json={"workflow": "main"})).json()["id"]
    assert (await api.post(f"/runs/{id_}/cancel")).json() == {"id": id_, "state": "cancelled"}
    assert (await world.go_on(id_)).status == "cancelled"


async def test_a_run_that_was_given_up_is_taken_up_again(world: World, api: httpx.AsyncClient) -> None:
    id_ = (await api.post("/runs", json={"workflow": "main", "input": {"n": 3}})).json()["id"]
    assert (await api.post(f"/runs/{id_}/revive")).json()["title"] == "The run was not given up"
    await world.store.collections["runs"].change({"_id": id_}, {"$set": {"state": "failed", "buried": 1}})
    assert (await api.post(f"/runs/{id_}/revive")).json()["state"] == "queued"
    assert (await world.go_on(id_)).status == "waiting"


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer one"}, {"X-Api-Key": "two"}])
async def test_with_keys_a_key_is_needed(world: World, headers: dict[str, str]) -> None:
    async with client(world, "one", "two") as api:
        assert (await api.get("/runs")).status_code == 401
        assert (await api.get("/runs", headers={"X-Api-Key": "three"})).status_code == 401
        assert (await api.get("/runs", headers=headers)).status_code == 200
        assert (await api.get("/healthz")).status_code == 200


def test_without_keys_only_this_machine_is_served(world: World) -> None:
    open_ = replace(world.executor.settings, host="0.0.0.0")
    with pytest.raises(Failure, match=r"0\.0\.0\.0 needs keys, and APM_API_KEYS is not set"):
        reachable(open_, "all")
    reachable(open_, "worker")
    reachable(replace(open_, api_keys=(Key("k", ("admin",), "k"),)), "all")
    reachable(replace(open_, host="127.0.0.1"), "all")


async def test_a_worker_answers_its_probes_and_has_no_api(world: World) -> None:
    async with client(world, full=False) as api:
        assert (await api.get("/runs")).status_code == 404
        ready = (await api.get("/readyz")).json()
        assert (ready["ready"], ready["specs"]) == (True, {"main": world.documents["main"].digest})
        assert 'apm_runs_total{outcome="failed",workflow="main"} 0.0' in (await api.get("/metrics")).text


async def test_who_follows_a_run_hears_it_to_its_end(world: World, api: httpx.AsyncClient) -> None:
    world.documents["main"] = document = workflow("steps: [{id: s, function: text-statistics, with: {text: x}}]")
    id_ = await starting.start(world.store, world.clock, {"main": document}, Start("main", {}))
    following = asyncio.create_task(api.get(f"/runs/{id_}/events"))
    await asyncio.sleep(0.2)
    assert not following.done()
    await world.go_on(id_)
    lines = (await asyncio.wait_for(following, 5)).text.splitlines()
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds == ["run-started", "step-started", "step-ended", "run-ended"]


async def test_who_follows_a_run_elsewhere_misses_no_event(world: World, api: httpx.AsyncClient) -> None:
    """What another process has written has to come from the store, also when this one writes what comes after it."""
    await world.store.runs.add(new("r", "main", "d", {}, 0))
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    following = asyncio.create_task(api.get("/runs/r/events"))
    await asyncio.sleep(0.2)
    rows: list[Any] = [{"seq": seq, "kind": f"k{seq}", "at": 1, "data": {}} for seq in (1, 2, 3)]
    stored = {"_id": f"r|{1:015d}", "run": "r", "tenant": "default", **rows[0], "data": "{}"}
    await world.store.collections["run_events"].add(stored)
    await world.store.run_events.add("r", rows[1:])
    await world.store.runs.end(run, "succeeded", 2)
    lines = (await asyncio.wait_for(following, 5)).text.splitlines()
    assert [line for line in lines if line.startswith("event: ")] == ["event: k1", "event: k2", "event: k3"]


async def test_a_key_is_for_one_start(api: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "order-8"}
    sent = [await api.post("/runs", json={"workflow": "main", "input": {"n": n}}, headers=key) for n in (1, 1, 2)]
    assert [one.status_code for one in sent] == [201, 201, 409]
    assert "another input" in sent[2].json()["detail"]


@pytest.mark.parametrize(
    ("size", "limit"), [(20_000_000, "16 MiB at most"), (13_000_000, "12,582,912 are kept at most")]
)
async def test_a_large_payload_is_refused_with_the_limit(api: httpx.AsyncClient, size: int, limit: str) -> None:
    found = await api.post("/runs", json={"workflow": "main", "input": {"text": "x" * size}})
    assert (found.status_code, limit in found.json()["detail"]) == (413, True)
    assert (await api.get("/runs")).json()["runs"] == []


@pytest.mark.parametrize(
    ("content", "media", "status", "type_"),
    [
        (b"{", "application/json", 400, "invalid-input"),
        (b'{"workflow": "main", "inputs": {}}', "application/json", 400, "invalid-input"),
        (b'{"workflow": NaN}', "application/json", 400, "invalid-input"),
        (b"[" * 100_000, "application/json", 400, "invalid-input"),
        (b"\xff", "application/json", 400, "invalid-input"),
        (b'{"workflow": "main", "input": {"x": "\\ud800"}}', "application/json", 400, "invalid-input"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b" " * (16 * 1024 * 1024 + 1), "application/json", 413, "payload-too-large"),
    ],
)
async def test_bodies_that_are_none_are_problems(
    api: httpx.AsyncClient, content: bytes, media: str, status: int, type_: str
) -> None:
    found = await api.post("/runs", content=content, headers={"Content-Type": media})
    assert (found.status_code, found.json()["type"]) == (status, type_)


async def test_paths_and_methods_that_there_are_not_are_problems(api: httpx.AsyncClient) -> None:
    missing, wrong = await api.get("/nothing"), await api.put("/runs")
    assert (missing.status_code, missing.json()["type"]) == (404, "not-found")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "method-not-allowed")
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
