"""The smaller repositories: specs, channel events, effects, budgets, artefacts, memories, leases."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.contract import WorkflowDocument
from runtime.contract.bodies import TENANT
from runtime.services.store.collection import Collection, Row, pack, unpack
from runtime.services.store.fences import Fences


class Specs:
    """Workflow documents by digest, so that a run goes on with those it was started with."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows
        self._known: dict[str, WorkflowDocument] = {}

    async def add(self, documents: Sequence[WorkflowDocument], now: int) -> None:
        """Keep documents; those that are there already stay."""
        fresh = [document for document in documents if document.digest not in self._known]
        for document in fresh:
            text = document.model_dump_json(by_alias=True, exclude_unset=True)
            await self._rows.add({"_id": document.digest, "name": document.name, "text": text, "at": now})
            self._known[document.digest] = document

    async def get(self, digest: str) -> WorkflowDocument | None:
        """Return a document."""
        if digest not in self._known:
            row = await self._rows.get(digest)
            if row is None:
                return None
            self._known[digest] = WorkflowDocument.model_validate_json(row["text"])
        return self._known[digest]


class Events:
    """Events of channels: published once per id, delivered to triggers and to runs that listen."""

    def __init__(self, rows: Collection, dead: Collection) -> None:
        self._rows = rows
        self._dead = dead

    async def add(self, id_: str, channel: str, payload: Any, now: int, source: str = "", tenant: str = TENANT) -> bool:
        """Publish an event; False when it has been published already."""
        row = {"channel": channel, "payload": pack(payload), "at": now, "source": source, "tenant": tenant}
        return await self._rows.add({"_id": id_, "state": "new", "attempts": 0, **row})

    async def fresh(self, limit: int = 100) -> list[Row]:
        """Return events that no trigger has seen, oldest first."""
        rows = await self._rows.find_all({"state": "new"}, [("at", 1)], limit)
        return [{**row, "payload": unpack(row["payload"])} for row in rows]

    async def delivered(self, id_: str) -> None:
        """Mark an event as delivered."""
        await self._rows.change({"_id": id_}, {"$set": {"state": "delivered"}})

    async def failed(self, id_: str) -> int:
        """Count an attempt to deliver and return how many there have been."""
        return int((await self._rows.increment(id_, {"attempts": 1}))["attempts"])

    async def bury(self, event: Row, reason: str, now: int, name: str = "") -> None:
        """Move an event to the dead letters, under a name."""
        row = {"channel": event["channel"], "payload": pack(event["payload"]), "reason": reason, "at": now}
        row |= {"tenant": event["tenant"], "source": event["source"], "name": name or f"{event['channel']}-dead"}
        await self._dead.add({"_id": event["_id"], **row})
        await self._rows.change({"_id": event["_id"]}, {"$set": {"state": "dead"}})

    async def dead(self, name: str = "", limit: int = 100) -> list[Row]:
        """Return dead letters, oldest first; those of one name where one is given."""
        rows = await self._dead.find_all({"name": name} if name else {}, [("at", 1)], limit)
        return [{**row, "payload": unpack(row["payload"])} for row in rows]

    async def redeliver(self, id_: str, now: int) -> bool:
        """Publish a dead letter again; runs that it had started are not started twice. False without such a letter."""
        row = await self._dead.get(id_)
        if row is None:
            return False
        again = {"state": "new", "attempts": 0, "at": now}
        kept = {name: row[name] for name in ("channel", "payload", "source", "tenant")}
        if not await self._rows.add({"_id": id_, **again, **kept}):
            await self._rows.change({"_id": id_}, {"$set": again})
        await self._dead.remove({"_id": id_})
        return True

    async def get(self, id_: str) -> Row | None:
        """Return an event."""
        row = await self._rows.get(id_)
        return {**row, "payload": unpack(row["payload"])} if row else None

    async def since(self, channel: str, at: int, tenant: str = TENANT) -> list[Row]:
        """Return events of a channel from a time on, oldest first."""
        rows = await self._rows.find_all({"channel": channel, "at": {"$gte": at}, "tenant": tenant}, [("at", 1)])
        return [{**row, "payload": unpack(row["payload"])} for row in rows]


class Ledger:
    """Effects and calls by key, so that what has been done is not done again.

    Who has lost the run writes nothing here and gets `LeaseLost`.
    """

    def __init__(self, rows: Collection, fences: Fences) -> None:
        self._rows = rows
        self._fences = fences

    async def hold(self, run: str) -> None:
        """Raise `LeaseLost` when another worker has the run: to be asked before something is done outside."""
        await self._fences.hold(run)

    async def find(self, key: str) -> Row | None:
        """Return an entry: `{state: started | done | failed | unknown, result, digest}`."""
        row = await self._rows.get(key)
        return {**row, "result": unpack(row["result"])} if row else None

    async def start(self, key: str, run: str, digest: str, now: int) -> bool:
        """Announce an effect; False when the key is taken."""
        row = {"run": run, "state": "started", "digest": digest, "result": None, "at": now}
        async with self._fences.writing(run):
            return await self._rows.add({"_id": key, **row})

    async def restart(self, key: str, run: str, now: int) -> None:
        """Announce another attempt of an effect that is known not to have happened, or may happen twice."""
        async with self._fences.writing(run):
            again = {"$set": {"state": "started", "at": now}}
            await self._rows.change({"_id": key, "state": {"$in": ["started", "failed", "unknown"]}}, again)

    async def finish(self, key: str, run: str, state: str, result: Any = None) -> None:
        """Record how an effect ended."""
        async with self._fences.writing(run):
            changed = {"$set": {"state": state, "result": pack(result)}}
            await self._rows.change({"_id": key, "state": "started"}, changed)

    async def done(self, key: str, run: str, result: Any, now: int) -> None:
        """Record a call that changes nothing outside, so that a resumed run need not repeat it."""
        row = {"run": run, "state": "done", "digest": "", "result": pack(result), "at": now}
        async with self._fences.writing(run):
            await self._rows.add({"_id": key, **row})


class Budgets:
    """Pots of tokens and money.

    `name` of a row is its id: the embedded store has an index for parts of names, and none for parts of ids.
    """

    def __init__(self, rows: Collection) -> None:
        self._rows = rows

    async def _add(self, pot: str, amounts: Mapping[str, int]) -> Row:
        return await self._rows.increment(pot, amounts, name=pot)

    async def used(self, pot: str) -> Row:
        """Return `{tokens, cost, allowance}`: tokens, micro-units of money, and what people have added."""
        return {"tokens": 0, "cost": 0, "allowance": 0} | (await self._rows.get(pot) or {})

    async def hold(self, pot: str, key: str, tokens: int, cost: int, until: int) -> Row:
        """Set aside what a call may use at most, until then; returns the pot with what others have set aside."""
        row = await self._add(pot, {"held_tokens": tokens, "held_cost": cost})
        held = {"pot": pot, "tokens": tokens, "cost": cost, "until": until}
        id_ = f"{pot}|hold|{key}"
        await self._rows.add({"_id": id_, "name": id_, **held})
        others = {"held_tokens": row["held_tokens"] - tokens, "held_cost": row["held_cost"] - cost}
        return {"tokens": 0, "cost": 0, "allowance": 0, **row, **others}

    async def release(self, pot: str, key: str) -> None:
        """Give back what was set aside for a call."""
        id_ = f"{pot}|hold|{key}"
        row = await self._rows.get(id_)
        if row and await self._rows.remove({"_id": id_}):
            await self._add(pot, {"held_tokens": -row["tokens"], "held_cost": -row["cost"]})

    async def release_old(self, pot: str, now: int) -> None:
        """Give back what was set aside for calls whose process is gone."""
        for row in await self._rows.find_all({"pot": pot, "until": {"$lte": now}}):
            await self.release(pot, row["_id"].rsplit("|", 1)[1])

    async def spend(self, pot: str, tokens: int, cost: int) -> None:
        """Take from a pot."""
        await self._add(pot, {"tokens": tokens, "cost": cost})

    async def allow(self, pot: str, times: int) -> None:
        """Let a pot be used that many times over, because a person said so."""
        await self._rows.put(pot, {"name": pot, "allowance": times})

    async def count(self, pot: str, name: str) -> int:
        """Count something and return how often it has been counted, this time included."""
        return int((await self._add(f"{pot}|{name}", {"count": 1}))["count"])


class Artefacts:
    """Texts that agents keep and find again, in collections."""

    def __init__(self, rows: Collection, fences: Fences) -> None:
        self._rows = rows
        self._fences = fences

    async def put(self, collection: str, name: str, text: str, now: int, run: str = "") -> None:
        """Keep a text under a name."""
        values = {"collection": collection, "name": name, "text": text, "at": now, "run": run}
        async with self._fences.writing(run):
            await self._rows.put(f"{collection}/{name}", values)

    async def get(self, collection: str, name: str) -> Row | None:
        """Return a text with its collection, name and time."""
        return await self._rows.get(f"{collection}/{name}")

    async def newest(self, collection: str, limit: int = 1000) -> list[Row]:
        """Return the newest texts of a collection."""
        return await self._rows.find_all({"collection": collection}, [("at", -1)], limit)


class Memories:
    """Entries of memories, by memory, section and name, apart for each tenant."""

    def __init__(self, rows: Collection, fences: Fences) -> None:
        self._rows = rows
        self._fences = fences

    async def put(self, memory: str, entry: Mapping[str, Any], *, run: str, tenant: str = TENANT) -> None:
        """Keep an entry: `{section, name, text, at, expires, vector, space}`; `expires` is 0 for never."""
        values = {**entry, "memory": memory, "tenant": tenant, "run": run, "vector": pack(entry["vector"])}
        async with self._fences.writing(run):
            await self._rows.put(f"{tenant}/{memory}/{entry['section']}/{entry['name']}", values)

    async def newest(self, memory: str, section: str, tenant: str, limit: int) -> list[Row]:
        """Return the newest entries of a section."""
        where = {"tenant": tenant, "memory": memory, "section": section}
        rows = await self._rows.find_all(where, [("at", -1)], limit)
        return [{**row, "vector": unpack(row["vector"])} for row in rows]

    async def forget(self, now: int) -> int:
        """Forget entries whose time is over; returns how many."""
        return await self._rows.remove({"expires": {"$gt": 0, "$lte": now}})


class Leases:
    """Who leads: one holder per name until its time is up."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows

    async def take(self, name: str, holder: str, now: int, for_: int) -> bool:
        """Take or prolong a lease; False when somebody else has it."""
        values = {"holder": holder, "until": now + for_}
        for condition in ({"holder": holder}, {"until": {"$lt": now}}):
            if await self._rows.change({"_id": name, **condition}, {"$set": values}):
                return True
        return await self._rows.add({"_id": name, **values})

    async def release(self, name: str, holder: str) -> None:
        """Give a lease back."""
        await self._rows.remove({"_id": name, "holder": holder})
