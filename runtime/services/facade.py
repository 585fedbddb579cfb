"""The services as nodes see them: one object behind the protocol of the contract."""

import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from runtime import schemas
from runtime.contract import Context, ModelDocument, ResilienceDocument
from runtime.contract.bodies import TENANT
from runtime.problems import failed
from runtime.services import answers
from runtime.services.agents import Agents
from runtime.services.budgets import Purse
from runtime.services.calls import ModelCalls
from runtime.services.clock import Clock
from runtime.services.effects import Effects
from runtime.services.guards import Guards
from runtime.services.http import HttpCalls
from runtime.services.mcp import McpCalls
from runtime.services.memory import Memories
from runtime.services.models import Models, Request
from runtime.services.outside import Direct, Outside
from runtime.services.store import Store
from runtime.services.tools import Tools
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import EVENTS

T = TypeVar("T")


class RuntimeServices:
    """Real services over one store."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        telemetry: Telemetry,
        seed: int | None = None,
        outside: Outside | None = None,
    ) -> None:
        outside = outside or Direct()
        self.models = Models(settings, store)
        self._settings = settings
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._random = random.Random(seed)  # noqa: S311  (jitter, not a secret)
        self._guards = Guards(store.targets, clock, telemetry)
        self._http = HttpCalls(settings.secrets)
        effects = Effects(store.effects, clock, telemetry)
        self._tools = Tools(effects, self._http, McpCalls(settings.secrets), clock, telemetry, outside)
        purse = Purse(store.budgets, clock, telemetry, settings.provider)
        self._calls = ModelCalls(self.models, purse, store.effects, clock, telemetry, outside)
        memories = Memories(store, self._http, settings.secrets, clock, outside)
        self._agents = Agents(self._calls, self._tools, memories, store.effects, telemetry)

    async def close(self) -> None:
        """Let go of connections and model servers."""
        await self.models.close()
        await self._http.close()

    # --- time and chance ------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return milliseconds since 1970."""
        return self._clock.now()

    def random(self) -> float:
        """Return a number from 0 to 1."""
        return self._random.random()

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""
        await self._clock.sleep(seconds)

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what the work returns; raises `TimeoutError` when it takes longer."""
        return await self._clock.within(seconds, work)

    async def guarded(self, policy: ResilienceDocument, work: Callable[[], Awaitable[T]]) -> T:
        """Do work behind the rate limit and the circuit breaker of a policy."""
        return await self._guards.call(policy, work)

    # --- files and artefacts --------------------------------------------------------------------------------------

    def folder(self) -> Path:
        """Return the folder that functions may read and write."""
        return self._settings.files

    async def keep(self, collection: str, name: str, text: str, context: Context) -> None:
        """Keep a text as an artefact."""
        await self._store.artefacts.put(collection, name, text, self._clock.now(), str(context.scope["run"]["id"]))

    async def kept(self, key: str) -> Any:
        """Return what was kept under a key, while its time lasts; None for nothing."""
        return await self._store.outputs.get(key, self._clock.now())

    async def keep_for(self, key: str, value: Any, millis: int) -> None:
        """Keep a value under a key for that time."""
        await self._store.outputs.put(key, value, self._clock.now() + millis)

    async def find(self, collection: str, words: tuple[str, ...], limit: int) -> list[dict[str, Any]]:
        """Return artefacts with these words, best first: by how many of the words they have, then by how often."""
        hits: list[dict[str, Any]] = []
        for row in await self._store.artefacts.newest(collection):
            text = f"{row['name']} {row['text']}".lower()
            counts = [text.count(word) for word in words]
            if any(counts):
                score = sum(1 for count in counts if count) + min(sum(counts), 99) / 100
                hits.append({"name": row["name"], "text": row["text"], "score": round(score, 2)})
        return sorted(hits, key=lambda hit: (-hit["score"], hit["name"]))[:limit]

    # --- calls ------------------------------------------------------------------------------------------------------

    async def agent(self, name: str, task: Mapping[str, Any], context: Context) -> Any:
        """Let an agent do a task and return its answer."""
        return await self._agents.run(name, task, context)

    async def model(self, name: str, prompt: str, schema: Mapping[str, Any], context: Context) -> Any:
        """Return one answer of a model."""
        model = context.document.models.get(name)
        if model is None:
            raise failed("not-found", "The document does not hold this model", name)
        return await self._answer(model, prompt, schema, context)

    async def _answer(self, model: ModelDocument, prompt: str, schema: Mapping[str, Any], context: Context) -> Any:
        messages: list[Any] = [{"role": "user", "content": prompt}]
        wrong: list[str] = []
        for number in range(1, answers.PARSE_RETRIES + 2):
            run = str(context.scope["run"]["id"])
            request = Request(model, tuple(messages), schema, run=run, asker=model.name)
            reply = await self._calls.complete(request, number, context)
            value, wrong = answers.read(reply, schema)
            if not wrong:
                return value
            messages += answers.again(reply, wrong)
        raise failed("invalid-output", "The model did not give an answer that the schema holds", "; ".join(wrong))

    async def tool(self, name: str, arguments: Mapping[str, Any], context: Context) -> Any:
        """Call a tool of the document."""
        tool = context.document.tools.get(name)
        if tool is None:
            raise failed("not-found", "The document does not hold this tool", name)
        return await self._tools.call(tool, arguments, context)

    async def function(self, name: str, arguments: Mapping[str, Any], context: Context) -> Any:
        """Call a registered function."""
        return await self._tools.function(name, arguments, context)

    async def http(self, method: str, url: str, headers: Mapping[str, str], body: Any, context: Context) -> Any:
        """Send a request."""
        return await self._tools.http(method, url, headers, body, context)

    async def emit(self, channel: str, payload: Any, context: Context) -> str:
        """Publish an event; its id is the key of the step, so that publishing again changes nothing."""
        document = context.document.channels.get(channel)
        if document and (found := schemas.findings(document.payload, payload)):
            raise failed("invalid-input", f"The channel {channel} does not take this payload", "; ".join(found))
        id_ = str(context.scope["run"]["id"])
        run = await self._store.runs.get(id_)
        tenant = run.tenant if run else TENANT
        async with self._store.fences.writing(id_):
            if await self._store.events.add(context.key, channel, payload, self._clock.now(), context.path, tenant):
                self._telemetry.add(EVENTS, channel=channel)
        return context.key
