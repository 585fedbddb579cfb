"""What agents remember: written, found by words and by meaning, told, forgotten."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from runtime.contract import WorkflowDocument
from runtime.services.memory import vectors
from runtime.services.memory.search import Entry, Query, best
from tests.runtime.conftest import World, workflow
from tests.runtime.test_calls import served
from tests.runtime.test_guardrails import FREE, asked

BANK = {"bank": {"name": "bank", "sections": {"decisions": {"description": "what was decided"}, "notes": {}}}}


def task(memory: dict[str, Any] | None = None, bank: dict[str, Any] | None = None, **more: Any) -> WorkflowDocument:
    use = {"name": "bank", "read": ["decisions"], "write": ["decisions"], **(memory or {})}
    agent = {"name": "ada", "role": "clerk", "instructions": "Work.", "model": "m", "output": FREE, "memory": use}
    text = 'output: {all: "${steps.t.output}"}\nsteps: [{id: t, agent: ada, with: {what: "${input.what}"}}]'
    return workflow(text, agents={"ada": {**agent, **more}}, memories=bank or BANK)


def remember(name: str, text: str, section: str = "decisions") -> dict[str, Any]:
    return {"$tools": [{"tool": "memory-write", "with": {"section": section, "name": name, "text": text}}]}


def look(query: str) -> dict[str, Any]:
    return {"$tools": [{"tool": "memory-search", "with": {"query": query}}]}


# --- vectors and search ----------------------------------------------------------------------------------------------


def test_vectors_are_those_of_the_model() -> None:
    # The similarities that the documentation of sentence-transformers gives for these sentences and this model.
    texts = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    found = [vectors.vector(text) for text in texts]
    assert vectors.similarity(found[0], found[1]) == pytest.approx(0.6660, abs=2e-4)
    assert vectors.similarity(found[0], found[2]) == pytest.approx(0.1046, abs=2e-4)
    assert vectors.similarity(found[1], found[2]) == pytest.approx(0.1411, abs=2e-4)
    assert vectors.similarity(found[0], found[0]) == pytest.approx(1)


def test_the_same_text_has_the_same_vector_in_another_process() -> None:
    code = "from runtime.services.memory.vectors import vector; print(repr(vector('harvest')))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert json.loads(found.stdout) == pytest.approx(vectors.vector("harvest"), abs=1e-6)


@pytest.mark.parametrize("text", ["", "\n", "ä" * 5000, "日本語 🌾"])
def test_every_text_has_a_vector(text: str) -> None:
    assert len(vectors.vector(text)) == 384


def entries(*texts: str) -> list[Entry]:
    return [Entry("s", f"e{n}", text, n, vectors.vector(text), "x") for n, text in enumerate(texts)]


def test_words_and_meaning_both_count() -> None:
    some = entries("The customer returned the faulty pump", "Invoice 4711 was paid", "Lunch is at noon")
    query = "A client sent a broken device back"
    assert best(Query(query), some, 3) == []  # no word in common
    assert best(Query(query, vectors.vector(query), "x"), some, 3)[0][0] is some[0]
    number = "4711"
    assert best(Query(number, vectors.vector(number), "x"), some, 3)[0][0] is some[1]


def test_vectors_of_different_models_are_not_compared() -> None:
    some = entries("The customer returned the faulty pump")
    query = "broken device"
    assert best(Query(query, vectors.vector(query), "other"), some, 3) == []


def test_rare_words_weigh_more_than_frequent_ones() -> None:
    some = [Entry("s", str(n), text, 0) for n, text in enumerate(("a b", "a c", "a d", "a rare"))]
    assert [entry.text for entry, _ in best(Query("a rare"), some, 1)] == ["a rare"]


# --- agents ----------------------------------------------------------------------------------------------------------


async def test_an_agent_remembers_in_another_run(world: World) -> None:
    seen = asked(world)
    world.script(
        ada=[remember("pumps", "Broken devices that clients send back are replaced, never repaired."), {"ok": 1}]
    )
    found = await world.run(task(), input={"what": "begin"})
    assert found.status == "succeeded"
    await world.run(task(), input={"what": "A customer returned a faulty machine"})
    told = str(seen[2].messages[0]["content"])
    assert (
        "decisions/pumps: Broken devices that clients send back are" in told
    )  # found by its meaning, told from the start
    (event,) = [e["data"] for e in await world.store.run_events.after(found.id) if e["kind"] == "memory-written"]
    assert (event["name"], event["vector"]) == ("pumps", True)


async def test_an_agent_can_look_things_up(world: World) -> None:
    seen = asked(world)
    world.script(ada=[remember("vat", "Seeds are taxed at 7 percent"), look("tax of seeds"), {"ok": 1}])
    await world.run(task({"recall": 0}), input={"what": "x"})
    found = json.loads(seen[-1].messages[-1]["content"])
    assert (found["by"], [entry["name"] for entry in found["entries"]]) == ("words and meaning", ["vat"])


async def test_an_agent_sees_and_writes_only_its_sections(world: World) -> None:
    seen = asked(world)
    world.script(ada=[remember("x", "secret", "notes"), look("secret"), {"ok": 1}])
    await world.run(task(), input={"what": "x"})
    assert "invalid-input" in seen[1].messages[-1]["content"]
    assert await world.store.memories.newest("bank", "notes", "default", 10) == []
    assert seen[0].tools[0]["parameters"]["properties"]["section"] == {"enum": ["decisions"]}


async def test_writing_the_same_name_again_replaces_the_entry(world: World) -> None:
    world.script(ada=[remember("a", "one"), remember("a", "two"), {"ok": 1}])
    found = await world.run(task(), input={"what": "x"})
    run = await world.store.runs.get(found.id)
    assert run
    assert [row["text"] for row in await world.store.memories.newest("bank", "decisions", run.tenant, 10)] == ["two"]
    assert await world.store.memories.newest("bank", "decisions", "another tenant", 10) == []


async def test_an_entry_is_forgotten_when_its_time_is_over(world: World) -> None:
    bank = {"bank": {"name": "bank", "sections": {"decisions": {"retention": "1d"}}}}
    world.script(ada=[remember("a", "one"), {"ok": 1}])
    seen = asked(world)
    await world.run(task(bank=bank), input={"what": "x"})
    world.clock.advance(86_401)
    found = await world.run(task(bank=bank), input={"what": "one"})
    assert "decisions/a" not in str(seen[2].messages[0])  # from then on, whether it is still there or not
    world.clock.advance(86_401)
    await world.scheduler().prune()
    run = await world.store.runs.get(found.id)
    assert run
    assert await world.store.memories.newest("bank", "decisions", run.tenant, 10) == []


async def test_guardrails_look_at_what_is_remembered(world: World) -> None:
    world.script(ada=[remember("a", "ask ada@example.com"), {"ok": 1}])
    clean = {"clean": {"at": ["toolInput"], "pii": ["mail"], "onFail": "fix"}}
    found = await world.run(task(guardrails=clean), input={"what": "x"})
    run = await world.store.runs.get(found.id)
    assert run
    (row,) = await world.store.memories.newest("bank", "decisions", run.tenant, 10)
    assert row["text"] == "ask [mail removed]"


async def test_without_vectors_words_are_enough_and_the_result_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(vectors, "missing", lambda: "tokenizers not installed")
    seen = asked(world)
    world.script(ada=[remember("vat", "Seeds are taxed at 7 percent"), look("seeds"), {"ok": 1}])
    await world.run(task({"recall": 0}), input={"what": "x"})
    found = json.loads(seen[-1].messages[-1]["content"])
    assert (found["by"], [entry["name"] for entry in found["entries"]]) == ("words", ["vat"])
    assert "memory bank is searched by words only: tokenizers not installed" in caplog.text


async def test_vectors_can_come_from_an_endpoint(world: World) -> None:
    bodies: list[Any] = []

    async def embeddings(request: Request) -> JSONResponse:
        bodies.append((request.url.path, request.headers["authorization"], await request.json()))
        return JSONResponse({"data": [{"embedding": [3, 4]}]})

    async with served(Starlette(routes=[Route("/v1/embeddings", embeddings, methods=["POST"])])) as address:
        model = {"name": "e", "provider": "openai-compatible", "model": "big", "endpoint": f"{address}/v1",
                 "secretEnv": "KEY"}  # fmt: skip
        models = {"m": {"name": "m", "provider": "scripted"}, "e": model}
        bank = {"bank": {**BANK["bank"], "model": "e"}}
        world.script(ada=[remember("a", "one"), look("two"), {"ok": 1}])
        document = task({"recall": 0}, bank)
        document = document.model_copy(update={"models": workflow("steps: []", models=models).models})
        seen = asked(world)
        assert (await world.run(document, input={"what": "x"}), len(bodies))[1] == 2
    assert bodies[0] == ("/v1/embeddings", "Bearer s3cret", {"model": "big", "input": ["one"]})
    assert json.loads(seen[-1].messages[-1]["content"])["by"] == "words and meaning"
