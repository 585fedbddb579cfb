"""Who gets in: keys with roles and tenants, tokens with their claims; and that no route leads past the tenant."""

import ast
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from runtime import settings as environment
from runtime.app.access import Access, Caller
from runtime.app.api import Api
from runtime.app.routes import discovered
from runtime.contract.api import ROUTES
from runtime.contract.bodies import INCLUDES, Role, Route
from runtime.problems import Failure, StepError
from runtime.settings import Key, Settings, Tokens
from tests.runtime.conftest import World, workflow

SECRET = "0123456789abcdef0123456789abcdef"
APP = Path(__file__).parents[2] / "runtime" / "app"


def token(key: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    now = dt.datetime.now(dt.UTC)
    base = {"sub": "ada", "iss": "us", "aud": "apm", "exp": now + dt.timedelta(minutes=5), "roles": ["operator"]}
    found = {name: value for name, value in {**base, **claims}.items() if value is not None}
    return jwt.encode(found, key, algorithm, headers={"kid": "k1"})


def access(**more: Any) -> Access:
    own: dict[str, Any] = {"secret": SECRET, "issuer": "us", "audience": "apm"} | more
    return Access(Settings(tokens=Tokens(**own)))


async def called(access: Access, credential: str) -> Caller:
    return await access.caller({"authorization": f"Bearer {credential}"})


# --- keys -------------------------------------------------------------------------------------------------------------


def test_keys_have_a_name_roles_and_a_tenant(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# ours\nada admin one\nbob reader+approver+@devops two shop\n")
    found = environment.read({"APM_API_KEYS": "three", "APM_API_KEYS_FILE": str(file)}).api_keys
    assert found == (
        Key("key-1", ("admin",), "three"),
        Key("ada", ("admin",), "one"),
        Key("bob", ("reader", "approver"), "two", "shop", ("devops",)),
    )


@pytest.mark.parametrize("line", ["ada s3cret", "ada king s3cret", "ada admin s3cret shop more"])
def test_a_key_that_is_written_wrongly_is_refused_without_being_told(line: str) -> None:
    with pytest.raises(Failure) as caught:
        environment.read({"APM_API_KEYS": line})
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"


# --- tokens -----------------------------------------------------------------------------------------------------------


async def test_a_token_says_who_calls_for_whom_and_what_they_may() -> None:
    found = await called(access(), token(tenant="shop", roles="operator unknown", teams=["devops"]))
    assert found == Caller("ada", "shop", frozenset(("operator",)), frozenset(("devops",)))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "it has expired"),
        ({"nbf": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)}, "it is not valid yet"),
        ({"iss": "them"}, "it is of another issuer"),
        ({"aud": "other"}, "it is for somebody else"),
        ({"exp": None}, "it lacks `exp` or `sub`"),
        ({"sub": None}, "it lacks `exp` or `sub`"),
        ({"key": SECRET[::-1]}, "its signature is wrong"),
        ({"algorithm": "none", "key": None}, "it is signed in a way that is not accepted"),
        ({"tenant": 7}, "the claim tenant is no text"),
    ],
)
async def test_a_token_that_does_not_hold_is_refused(claims: Mapping[str, Any], why: str) -> None:
    sent = token(**claims)
    with pytest.raises(StepError) as caught:
        await called(access(), sent)
    found = caught.value.problem
    assert (found.status, found.detail) == (401, why)
    assert sent not in str(found)


async def test_clocks_may_differ_a_little() -> None:
    late = token(exp=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=10))
    assert (await called(access(leeway=30), late)).name == "ada"
    with pytest.raises(StepError, match="not valid"):
        await called(access(leeway=0), late)


async def test_tokens_are_verified_with_the_keys_of_the_issuer(tmp_path: Path) -> None:
    private = rsa.generate_private_key(65537, 2048)
    public: Any = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}))
    own = access(secret="", jwks=str(file))
    assert (await called(own, token(private, "RS256"))).name == "ada"
    forged = token(SECRET)  # signed with a secret: what a token is signed with is not its own to say
    with pytest.raises(StepError, match="not valid"):
        await called(own, forged)


def test_how_tokens_are_verified_has_to_make_sense(tmp_path: Path) -> None:
    for found, why in (
        ({"APM_JWT_SECRET": "short"}, "too short"),
        ({"APM_JWT_SECRET": SECRET, "APM_JWT_JWKS": "x"}, "Both"),
    ):
        with pytest.raises(Failure, match=why):
            environment.read(found)
    (tmp_path / "no").write_text("{}")
    for file, why in (("missing", "cannot be read"), ("no", "is not a JWKS")):
        with pytest.raises(Failure, match=why):
            access(secret="", jwks=str(tmp_path / file))


# --- roles and tenants, over all routes -------------------------------------------------------------------------------

GUARDED = [route for route in ROUTES if route.role]


def served(world: World) -> httpx.AsyncClient:
    keys = [Key(role, (role,), f"key-{role}") for role in INCLUDES]
    keys += [Key("nobody", (), "key-nobody"), Key("eve", ("admin",), "key-eve", "other")]
    world.documents = {"main": workflow('steps: [{id: q, ask: {question: "Well?"}}]')}
    settings = replace(world.executor.settings, api_keys=tuple(keys))
    api = Api(settings, world.store, world.clock, world.telemetry, world.documents, None, full=True)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api.asgi()), base_url="http://apm")


async def asked(client: httpx.AsyncClient, route: Route, key: str, **ids: str) -> httpx.Response:
    path = route.path
    for part in ("id", "name", "thread_id", "run_id", "assistant_id", "checkpoint_id", "cron_id", "namespace"):
        path = path.replace(f"{{{part}}}", ids.get(part, "none"))
    headers = {"X-Api-Key": key, "Content-Type": "application/json"} if key else {}
    return await client.request(route.method, path, content=b"{", headers=headers)


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
async def test_every_route_needs_its_role(world: World, route: Route) -> None:
    async with served(world) as client:
        assert (await asked(client, route, "")).status_code == 401
        assert (await asked(client, route, "key-wrong")).status_code == 401
        for role, includes in INCLUDES.items():
            status = (await asked(client, route, f"key-{role}")).status_code
            assert (status == 403) == (route.role not in includes), role
        assert (await asked(client, route, "key-nobody")).status_code == 403


def test_what_is_open_are_the_probes_and_the_metrics() -> None:
    assert [route.path for route in ROUTES if not route.role] == ["/healthz", "/readyz", "/metrics", "/ok"]


def test_every_guarded_route_has_one_handler_and_every_handler_a_route() -> None:
    assert set(discovered()) == {route.name for route in GUARDED}


def test_a_handler_cannot_reach_the_store_past_its_scope() -> None:
    """Handlers get a `Call`; no module that they are made of knows the store, its collections or the driver."""
    allowed = {"runs", "threads", "kept"}
    for file in [*(APP / "routes").glob("*.py"), *(APP / name for name in MADE_OF)]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("runtime.services.store"):
                names, module = {alias.name for alias in node.names}, str(node.module).rpartition(".")[2]
                assert names <= {"Scope", "EPOCH"} or module in allowed, file.name
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("of", "_collections", "_store", "_saver", "_all"), f"{file.name}: {node.attr}"


MADE_OF = ("beginning.py", "finding.py", "following.py", "protocol.py", "views.py", "modes.py", "channels.py")
OF_OTHERS = [route for route in GUARDED if any(f"{{{part}}}" in route.path for part in ("id", "thread_id", "cron_id"))]
BODIES: Mapping[str, Any] = {
    "answerRun": {"value": "x"},
    "updateCron": {},
    "threadEvents": {"channels": ["values"]},
}


@pytest.mark.parametrize("route", OF_OTHERS, ids=lambda route: route.name)
async def test_no_route_leads_to_what_is_another_tenants(world: World, route: Route) -> None:
    async with served(world) as client:
        own = {"X-Api-Key": "key-admin"}
        thread = (await client.post("/threads", json={}, headers=own)).json()["thread_id"]
        start: dict[str, Any] = {"assistant_id": "main", "input": {}}
        run = (await client.post(f"/threads/{thread}/runs", json=start, headers=own)).json()["run_id"]
        cron = (await client.post("/runs/crons", json={**start, "schedule": "0 0 1 1 *"}, headers=own)).json()[
            "cron_id"
        ]
        path = route.path
        for part, id_ in (
            ("thread_id", thread),
            ("run_id", run),
            ("id", run),
            ("cron_id", cron),
            ("checkpoint_id", "c"),
        ):
            path = path.replace(f"{{{part}}}", id_)
        body = start | {"schedule": "0 0 1 1 *"} if "crons" in path else start
        sent: Any = BODIES.get(
            route.name, body if route.name.endswith(("Run", "Cron")) and route.method == "POST" else {}
        )
        if route.name == "threadCommand":
            sent = {"id": 1, "method": "state.get", "params": {}}
        found = await client.request(route.method, path, json=sent, headers={"X-Api-Key": "key-eve"})
        if route.name == "threadCommand":
            assert found.json()["error"] == "not_found"
        else:
            assert (found.status_code, found.json()["type"]) == (404, "not-found"), found.text


TWO = """
output: {by: "${steps.ok.output.by}"}
steps: [{id: ok, approval: {message: "?", required: 2}}]
"""


async def test_two_approvals_are_of_two_callers_whatever_name_they_give(world: World) -> None:
    async with served(world) as client:
        id_ = (await world.run(workflow(TWO))).id

        async def answered(key: str, **more: str) -> int:
            body = {"value": "accept", **more}
            return (await client.post(f"/runs/{id_}/answer", json=body, headers={"X-Api-Key": key})).status_code

        assert await answered("key-approver", by="bob") == 403
        assert await answered("key-approver", by="approver") == 200
        assert await answered("key-approver") == 409
        assert await answered("key-approver", by="admin") == 403
        assert (await world.go_on(id_)).status == "waiting"
        assert await answered("key-admin") == 200
        assert (await world.go_on(id_)).output == {"by": "approver, admin"}


ASSIGNED = """
output: {by: "${steps.ok.output.by}"}
steps: [{id: ok, approval: {message: "?", required: 2, assignees: [devops, board]}}]
"""


async def test_what_is_assigned_to_a_team_is_answered_by_its_people_alone(world: World) -> None:
    people = {"ada": ("devops",), "bob": ("sales",), "cy": (), "dan": ("board", "sales")}
    keys = tuple(Key(name, ("approver",), f"key-{name}", teams=teams) for name, teams in people.items())
    settings = replace(world.executor.settings, api_keys=keys)
    id_ = (await world.run(workflow(ASSIGNED))).id
    api = Api(settings, world.store, world.clock, world.telemetry, world.documents, None, full=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.asgi()), base_url="http://apm") as client:

        async def answered(name: str) -> tuple[int, str]:
            headers = {"X-Api-Key": f"key-{name}"}
            found = await client.post(f"/runs/{id_}/answer", json={"value": "accept"}, headers=headers)
            return found.status_code, found.json().get("detail", "")

        assert await answered("bob") == (403, "it is assigned to devops, board; bob is of sales")
        assert await answered("cy") == (403, "it is assigned to devops, board; cy is of no team")
        assert [(await answered(name))[0] for name in ("ada", "ada", "dan")] == [200, 409, 200]
    assert (await world.go_on(id_)).output == {"by": "ada, dan"}


async def test_dead_letters_are_listed_and_delivered_again_for_their_tenant_alone(world: World) -> None:
    await world.store.events.add("news:a/b", "news", {"n": 1}, world.clock.now())
    (event,) = await world.store.events.fresh()
    await world.store.events.bury(event, "refused", world.clock.now(), "lost")
    async with served(world) as client:
        own, other = {"X-Api-Key": "key-operator"}, {"X-Api-Key": "key-eve"}
        assert (await client.get("/letters", headers=other)).json() == {"letters": []}
        for headers, id_ in ((other, "news:a/b"), (own, "nope")):
            found = await client.post("/letters/redeliver", json={"id": id_}, headers=headers)
            assert (found.status_code, found.json()["type"]) == (404, "not-found")
        assert (await client.get("/letters?name=else", headers=own)).json() == {"letters": []}
        (letter,) = (await client.get("/letters?name=lost", headers=own)).json()["letters"]
        assert (letter["id"], letter["payload"], letter["reason"]) == ("news:a/b", {"n": 1}, "refused")
        again = await client.post("/letters/redeliver", json={"id": letter["id"]}, headers=own)
        assert (again.status_code, again.json()) == (202, {"id": "news:a/b"})
        assert (await client.get("/letters", headers=own)).json() == {"letters": []}
    assert [(row["_id"], row["payload"]) for row in await world.store.events.fresh()] == [("news:a/b", {"n": 1})]


def test_roles_include_what_they_should() -> None:
    roles: list[Role] = ["reader", "operator", "approver", "admin"]
    assert [len(INCLUDES[role]) for role in roles] == [1, 2, 2, 4]
