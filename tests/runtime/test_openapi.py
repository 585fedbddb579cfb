"""The table of routes: the application serves exactly that, and its answers are what OpenAPI says."""

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
import jsonschema_rs
import pytest
from starlette.routing import Route

from runtime.app.api import Api
from runtime.contract.api import ROUTES
from runtime.contract.bodies import PROBLEM
from runtime.contract.openapi import openapi, refusals
from runtime.problems import STATUS
from tests.runtime.conftest import World, workflow

OWN = {
    "unauthorized": 401,
    "forbidden": 403,
    "payload-too-large": 413,
    "unsupported-media-type": 415,
    "invalid-payload": 422,
}
"""Types that only the API has."""


def served(world: World, *, full: bool) -> set[tuple[str, str]]:
    api = Api(world.executor.settings, world.store, world.clock, world.telemetry, {}, None, full=full)
    routes = [route for route in api.asgi().routes if isinstance(route, Route)]
    return {(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"}


async def test_the_application_serves_exactly_the_table(world: World) -> None:
    assert served(world, full=True) == {(route.method, route.path) for route in ROUTES}
    assert served(world, full=False) == {(route.method, route.path) for route in ROUTES if route.role is None}


def test_problems_have_the_status_that_the_runtime_gives_them() -> None:
    for route in ROUTES:
        for status, type_, _ in refusals(route):
            assert {**STATUS, **OWN}[type_] == status, (route.name, type_)


def test_the_description_is_sound() -> None:
    described = openapi()
    components = described["components"]["schemas"]
    for schema in components.values():
        jsonschema_rs.validator_for({**schema, "components": {"schemas": components}})
    for used in _refs(described):
        assert used.removeprefix("#/components/schemas/") in components
    names = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)


def _refs(value: Any) -> list[str]:
    return re.findall(r'"\$ref": "([^"]+)"', json.dumps(value))


@pytest.fixture
def api(world: World) -> httpx.AsyncClient:
    steps = 'steps: [{id: q, ask: {question: "How many?", schema: {type: integer}}}]'
    world.documents = {"main": workflow(steps, channels={"stock": {"name": "stock"}})}
    api = Api(world.executor.settings, world.store, world.clock, world.telemetry, world.documents, None, full=True)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api.asgi()), base_url="http://apm")


def held(described: Mapping[str, Any], method: str, path: str, answer: httpx.Response) -> None:
    """Hold an answer to the description that the API itself gives."""
    operation = described["paths"][path][method.lower()]
    content = operation["responses"][str(answer.status_code)]["content"]
    media = answer.headers["content-type"].partition(";")[0]
    schema = {**content[media]["schema"], "components": described["components"]}
    jsonschema_rs.validator_for(schema).validate(answer.json())


async def test_answers_are_as_described(world: World, api: httpx.AsyncClient) -> None:
    described = (await api.get("/openapi.json")).json()
    assert described == json.loads(json.dumps(openapi()))
    started = await api.post("/runs", json={"workflow": "main"})
    held(described, "POST", "/runs", started)
    id_ = started.json()["id"]
    await world.go_on(id_)
    held(described, "GET", "/runs/{id}", await api.get(f"/runs/{id_}"))
    held(described, "GET", "/runs", await api.get("/runs"))
    held(described, "POST", "/runs/{id}/answer", await api.post(f"/runs/{id_}/answer", json={"value": "x"}))
    held(described, "POST", "/runs/{id}/answer", await api.post(f"/runs/{id_}/answer", json={"value": 3}))
    held(described, "POST", "/runs/{id}/cancel", await api.post(f"/runs/{id_}/cancel"))
    held(described, "POST", "/runs/{id}/answer", await api.post(f"/runs/{id_}/answer", json={"value": 3}))
    held(described, "POST", "/channels/{name}/events", await api.post("/channels/stock/events", json=[1]))
    held(described, "POST", "/channels/{name}/events", await api.post("/channels/none/events", json=[1]))
    held(described, "GET", "/runs/{id}", missing := await api.get("/runs/none"))
    assert missing.headers["content-type"] == PROBLEM
    held(described, "GET", "/readyz", await api.get("/readyz"))
    held(described, "GET", "/healthz", await api.get("/healthz"))
