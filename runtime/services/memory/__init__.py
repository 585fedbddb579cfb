"""What agents remember beyond a run, in the state store: written by name, found by words and by meaning.

MongoDB's own search needs a service beside it. Here the newest entries of a section are read and ranked in the process,
so every store can do it; `CANDIDATES` says how many.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.contract import Context, MemoryDocument, millis
from runtime.problems import StepError, failed
from runtime.services.clock import Clock
from runtime.services.http import HttpCalls
from runtime.services.memory import vectors
from runtime.services.memory.search import Entry, Query, best
from runtime.services.outside import Call, Outside
from runtime.services.store import Store

logger = logging.getLogger(__name__)
CANDIDATES = 2000
"""Newest entries of a section that are looked at."""


class Memories:
    """Writes to memories and searches them."""

    def __init__(
        self, store: Store, http: HttpCalls, secrets: Mapping[str, str], clock: Clock, outside: Outside
    ) -> None:
        self._store = store
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._outside = outside
        self._warned: set[str] = set()

    async def write(self, memory: MemoryDocument, section: str, name: str, text: str, context: Context) -> None:
        """Keep an entry; one of the same name in its section is replaced."""
        run, now = str(context.scope["run"]["id"]), self._clock.now()
        vector, space = await self._vector(memory, text, context)
        retention = memory.sections[section].retention
        expires = now + millis(retention) if retention else 0
        row = {"section": section, "name": name, "text": text, "at": now, "expires": expires}
        await self._store.memories.put(
            memory.name, {**row, "vector": vector, "space": space}, run=run, tenant=await self._tenant(run)
        )
        told = {"memory": memory.name, "section": section, "name": name, "vector": bool(space)}
        context.watch("memory-written", {"path": context.path, **told})

    async def search(
        self, memory: MemoryDocument, sections: Sequence[str], text: str, limit: int, context: Context
    ) -> dict[str, Any]:
        """Return `{by, entries}`: what was searched by (`words and meaning`, or `words`), and the best entries."""
        tenant, now = await self._tenant(str(context.scope["run"]["id"])), self._clock.now()
        entries: list[Entry] = []
        for section in sections:
            rows = await self._store.memories.newest(memory.name, section, tenant, CANDIDATES)
            entries += [_entry(row) for row in rows if not row["expires"] or row["expires"] > now]
        vector, space = await self._vector(memory, text, context)
        found = best(Query(text, vector, space), entries, limit)
        by = "words and meaning" if space else "words"
        told = {"memory": memory.name, "by": by, "of": len(entries), "found": len(found)}
        context.watch("memory-searched", {"path": context.path, **told})
        listed = [{"section": e.section, "name": e.name, "text": e.text, "score": score} for e, score in found]
        return {"by": by, "entries": listed}

    async def _tenant(self, run: str) -> str:
        found = await self._store.runs.get(run)
        if found is None:
            raise failed("not-found", "The run that remembers is not there", run)
        return found.tenant

    # --- vectors -----------------------------------------------------------------------------------------------------

    async def _vector(self, memory: MemoryDocument, text: str, context: Context) -> tuple[list[float] | None, str]:
        """Return a vector and what made it; nothing where nothing can: then words alone have to do."""
        if memory.model is not None:
            try:
                return await self._asked(memory.model, text, context)
            except StepError as error:
                return self._without(memory, error.problem.title)
        if reason := vectors.missing():
            return self._without(memory, reason)
        return await asyncio.to_thread(vectors.vector, text), vectors.SPACE

    def _without(self, memory: MemoryDocument, reason: str) -> tuple[None, str]:
        if memory.name not in self._warned:
            self._warned.add(memory.name)
            logger.warning("memory %s is searched by words only: %s", memory.name, reason)
        return None, ""

    async def _asked(self, name: str, text: str, context: Context) -> tuple[list[float], str]:
        """Return the vector of an OpenAI-compatible endpoint, made to have length 1."""
        model = context.document.models[name]
        url = f"{(model.endpoint or '').rstrip('/')}/embeddings"
        key = self._secrets.get(model.secret_env or "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        body = {"model": model.model or model.name, "input": [text]}
        seconds = millis(model.timeout) / 1000
        call = Call("http", f"POST {url}", {"body": body}, context.path, seconds=seconds)
        work = self._clock.within(seconds, self._http.send("POST", url, headers, body))
        try:
            answer = await self._outside.reach(call, lambda: work)
            found = [float(n) for n in answer["body"]["data"][0]["embedding"]]
        except (KeyError, IndexError, TypeError, ValueError, TimeoutError) as error:
            raise failed("unavailable", "No vector came back", f"{name}: {type(error).__name__}") from error
        length = sum(n * n for n in found) ** 0.5
        return [n / max(length, 1e-12) for n in found], f"{name}/{model.model}"


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["section"], row["name"], row["text"], row["at"], row["vector"], row["space"])
