"""Events from outside: what is taken, what is refused, and that a run comes of it."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from runtime import load
from runtime.app.api import Api
from runtime.contract import WorkflowDocument
from runtime.contract.bodies import CLOUD_EVENT
from runtime.settings import Key
from tests.runtime.conftest import World, workflow

ROOT = Path(__file__).parents[2]
SCHEMA = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}
TAKEN = """
triggers: [{channel: stock, input: {what: "${output.sku}"}}]
output: {what: "${input.what}"}
steps: [{id: s, function: text-statistics, with: {text: x}}]
"""
NOTIFICATION: dict[str, Any] = {
    "version": "4", "groupKey": '{}:{alertname="StoreDown"}', "truncatedAlerts": 0, "status": "firing",
    "receiver": "apm", "groupLabels": {"alertname": "StoreDown"},
    "commonLabels": {"alertname": "StoreDown", "severity": "critical", "team": "devops"},
    "commonAnnotations": {"summary": "The store is down"}, "externalURL": "http://alertmanager:9093",
    "alerts": [{
        "status": "firing", "labels": {"alertname": "StoreDown"}, "annotations": {"summary": "The store is down"},
        "startsAt": "2026-11-25T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "c1",
    }],
}  # fmt: skip
"""What Alertmanager's documentation says that a webhook gets."""


def served(world: World, documents: Mapping[str, WorkflowDocument], *keys: str) -> httpx.AsyncClient:
    world.documents = dict(documents)
    settings = replace(
        world.executor.settings, api_keys=tuple(Key(f"k{n}", ("admin",), key) for n, key in enumerate(keys))
    )
    api = Api(settings, world.store, world.clock, world.telemetry, world.documents, None, full=True)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api.asgi()), base_url="http://apm")


@pytest.fixture
async def api(world: World) -> AsyncGenerator[httpx.AsyncClient]:
    document = workflow(TAKEN, channels={"stock": {"name": "stock", "payload": SCHEMA, "priority": 5}})
    async with served(world, {"main": document}) as found:
        yield found


async def runs(world: World) -> list[Any]:
    await world.scheduler().deliver()
    return await world.store.runs.find()


async def test_an_event_starts_the_workflow_that_its_channel_triggers(world: World, api: httpx.AsyncClient) -> None:
    taken = await api.post("/channels/stock/events", json={"sku": "a-1"}, headers={"Idempotency-Key": "m-7"})
    assert (taken.status_code, taken.json()) == (202, {"id": "stock:m-7", "channel": "stock", "duplicate": False})
    (run,) = await runs(world)
    assert (await world.go_on(run.id)).output == {"what": "a-1"}
    assert 'apm_events_total{channel="stock"} 1.0' in (await api.get("/metrics")).text


async def test_the_same_key_is_one_event_and_no_key_is_always_a_new_one(world: World, api: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    told = [await api.post("/channels/stock/events", json={"sku": "a"}, headers=key) for _ in range(2)]
    assert [(one.status_code, one.json()["duplicate"]) for one in told] == [(202, False), (202, True)]
    for _ in range(2):
        await api.post("/channels/stock/events", json={"sku": "a"})
    assert len(await runs(world)) == 3


async def test_a_cloud_event_brings_its_own_key(world: World, api: httpx.AsyncClient) -> None:
    event = {"specversion": "1.0", "type": "moved", "source": "/erp", "id": "9", "data": {"sku": "b"}}
    for _ in range(2):
        taken = await api.post(
            "/channels/stock/events", json=event, headers={"Content-Type": f"{CLOUD_EVENT}; charset=utf-8"}
        )
        assert taken.json()["id"] == "stock:/erp#9"
    (run,) = await runs(world)
    assert run.input == {"what": "b"}


@pytest.mark.parametrize(
    ("channel", "sent", "status", "type_"),
    [
        ("nope", {"json": {"sku": "a"}}, 404, "not-found"),
        ("stock", {"json": {"sku": 1}}, 422, "invalid-payload"),
        ("stock", {"json": {}}, 422, "invalid-payload"),
        ("stock", {"content": b"{"}, 400, "invalid-input"),
        ("stock", {"json": {"sku": "a"}, "headers": {"Content-Type": CLOUD_EVENT}}, 422, "invalid-payload"),
    ],
)
async def test_what_is_refused_is_a_problem_and_no_event(
    world: World, api: httpx.AsyncClient, channel: str, sent: dict[str, Any], status: int, type_: str
) -> None:
    found = await api.post(f"/channels/{channel}/events", **sent)
    assert (found.status_code, found.json()["type"]) == (status, type_)
    assert found.headers["content-type"] == "application/problem+json"
    assert await runs(world) == []


def rendered() -> Mapping[str, WorkflowDocument]:
    """Return what production runs, from the ConfigMaps in the repository."""
    manifests = (yaml.safe_load(path.read_text()) for path in (ROOT / "rendered/production/runtime").glob("workflow.*"))
    texts = (text for manifest in manifests for text in manifest["data"].values())
    return {document.name: document for document in (load.parse(yaml.safe_load(text), "rendered") for text in texts)}


async def test_alertmanager_comes_in_with_a_bearer_token_and_starts_the_ops_cycle(world: World) -> None:
    async with served(world, rendered(), "token") as api:
        assert (await api.post("/channels/alerts-in/events", json=NOTIFICATION)).status_code == 401
        headers = {"Authorization": "Bearer token"}
        taken = await api.post("/channels/alerts-in/events", json=NOTIFICATION, headers=headers)
        assert taken.status_code == 202
        empty: dict[str, Any] = {**NOTIFICATION, "alerts": []}
        assert (await api.post("/channels/alerts-in/events", json=empty, headers=headers)).status_code == 422
    (run,) = await runs(world)
    assert (run.workflow, run.state, run.trigger, run.input) == ("ops-cycle", "queued", "alerts-in", NOTIFICATION)


async def test_what_alertmanager_says_again_is_the_same_event(world: World) -> None:
    documents = {"main": workflow(ALERTED, channels={"alerts": {"name": "alerts"}})}
    later = {**NOTIFICATION, "truncatedAlerts": 1}
    resolved = {**NOTIFICATION, "status": "resolved", "alerts": [{**NOTIFICATION["alerts"][0], "status": "resolved"}]}
    async with served(world, documents) as api:
        taken = [
            (await api.post("/channels/alerts/events", json=one)).json() for one in (NOTIFICATION, later, resolved)
        ]
        assert [one["duplicate"] for one in taken] == [False, True, False]
        await world.scheduler().deliver()
        assert len(await world.store.runs.find()) == 2


async def test_a_key_is_for_one_payload(world: World) -> None:
    documents = {"main": workflow(ALERTED, channels={"alerts": {"name": "alerts"}})}
    async with served(world, documents) as api:
        sent = [await api.post("/channels/alerts/events", json=n, headers={"Idempotency-Key": "k"}) for n in (1, 1, 2)]
        assert [one.status_code for one in sent] == [202, 202, 409]
        assert sent[2].json()["type"] == "conflict"


ALERTED = """
triggers: [{channel: alerts}]
steps: [{id: s, function: text-statistics, with: {text: x}}]
"""
