"""Where LangGraph keeps the state of runs: one row per checkpoint, fenced, ordered and without a size limit.

* Fenced: a worker writes while its lease lasts; near its end and after it, one conditional update asks first whether
  the run still has our epoch, and `LeaseLost` says that it has not. A process that is stopped just between asking and
  writing, for longer than its lease, writes a row too late: it has an older epoch, and readers take the newest.
* Sparing: what a finished task has written is in the next checkpoint, which follows at once. So the writes of a fenced
  run are kept in memory until then, and stored only when a task is interrupted or fails instead. The checkpoint of an
  input is stored when something stands on it that is not the next one: a nested graph, or a task that is interrupted.
* Ordered: LangGraph does not wait for the writes of finished tasks before it writes the next checkpoint, so that a
  crash in between runs a finished step twice (langgraph#8039). `aput` waits for the writes in flight of its parent.
* Without a limit: values over 256 kB go into rows of their own, named by the hash of their content, in parts.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)

from runtime.services.checkpoint_rows import Place, condition, config_of, counting, place_of, row_id, run_id
from runtime.services.clock import SystemClock
from runtime.services.store.collection import Collection, Row
from runtime.services.store.fences import Fences

LARGE = 256 * 1024
"""Values of this many bytes and more are stored by content hash."""
PART = 4 * 1024 * 1024
"""Bytes of a large value per row; MongoDB refuses rows over 16 MB."""
_ELSEWHERE = "apm.blob"


class MongoSaver(BaseCheckpointSaver[str]):
    """Checkpoints of any thread; a thread with a fence is written only while its run is ours."""

    def __init__(self, collections: Mapping[str, Collection], fences: Fences | None = None) -> None:
        super().__init__()
        self._checkpoints = collections["checkpoints"]
        self._writes = collections["checkpoint_writes"]
        self._blobs = collections["checkpoint_blobs"]
        self._fences = fences or Fences(SystemClock())
        self._empty: set[str] = set()
        self._first: dict[Place, Row] = {}
        """Checkpoints of inputs, which are stored when something stands on them."""
        self._founding: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: defaultdict[Place, list[Row]] = defaultdict(list)
        self._in_flight: defaultdict[Place, set[asyncio.Future[None]]] = defaultdict(set)

    def get_next_version(self, current: str | None, channel: None) -> str:
        """Return the version after this one; texts that sort as numbers."""
        del channel
        return f"{int(current or 0) + 1:032d}"

    def expect_nothing(self, thread: str) -> None:
        """Know that nothing has been written for a thread yet, so that nobody need look."""
        self._empty.add(thread)

    def let_go(self, thread: str) -> None:
        """Forget what is in memory of a thread."""
        self._empty.discard(thread)
        self._founding.pop(thread, None)
        for kept in (self._held, self._first):
            for place in [place for place in kept if place[0] == thread]:
                del kept[place]

    # --- writing ----------------------------------------------------------------------------------------------------

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint and return its place."""
        del new_versions
        thread, ns, parent = place_of(config)
        await self._settled((thread, ns, parent))
        await self._fences.hold(thread)
        kind, data, blobs = await self._dump(thread, checkpoint)
        meta = self.serde.dumps_typed(get_checkpoint_metadata(config, metadata))
        id_ = checkpoint["id"]
        row = {"thread": thread, "ns": ns, "checkpoint": id_, "parent": parent, "kind": kind, "data": data}
        more: Row = {"blobs": blobs, "meta_kind": meta[0], "meta": meta[1], "run": run_id(config, metadata)}
        more["epoch"] = self._fences.epoch(thread)
        self._held.pop((thread, ns, parent), None)
        self._first.pop((thread, ns, parent), None)
        if more["epoch"] and metadata.get("source") == "input":
            self._first[thread, ns, id_] = row | more
            return config_of(thread, ns, id_)
        await self._found(thread)
        async with self._fences.writing(thread):
            await self._write(row_id(thread, ns, id_), row | more)
        self._empty.discard(thread)
        return config_of(thread, ns, id_)

    async def _found(self, thread: str) -> None:
        """Store what has been held back of the checkpoints of a thread: something is about to stand on them.

        Of several that are about to, at the same time, one does it and the others wait for it.
        """
        async with self._founding[thread]:
            for place, row in [kept for kept in self._first.items() if kept[0][0] == thread]:
                async with self._fences.writing(thread):
                    await self._write(row_id(*place), row)
                self._first.pop(place, None)
                self._empty.discard(thread)

    async def _write(self, key: str, row: Row) -> None:
        if not await self._checkpoints.add({"_id": key, **row}):
            await self._checkpoints.remove({"_id": key})
            await self._checkpoints.add({"_id": key, **row})

    async def _settled(self, place: Place) -> None:
        if pending := self._in_flight.get(place):
            await asyncio.wait(pending)

    async def _dump(self, thread: str, checkpoint: Checkpoint) -> tuple[str, bytes, list[str]]:
        kind, data = self.serde.dumps_typed(checkpoint)
        if len(data) < LARGE:
            return kind, data, []
        small, blobs = dict(checkpoint["channel_values"]), list[str]()
        for name, value in checkpoint["channel_values"].items():
            value_kind, content = self.serde.dumps_typed(value)
            if len(content) >= LARGE:
                blobs.append(await self._keep(thread, content))
                small[name] = {_ELSEWHERE: [value_kind, blobs[-1]]}
        kind, data = self.serde.dumps_typed({**checkpoint, "channel_values": small})
        return kind, data, blobs

    async def _keep(self, thread: str, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        for number, start in enumerate(range(0, len(content), PART)):
            row = {"thread": thread, "blob": name, "part": number, "data": content[start : start + PART]}
            if not await self._blobs.add({"_id": f"{thread}|{name}|{number:04d}", **row}):
                break  # the same content is there already
        return name

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a finished task has written; the first of the same task counts, but for errors and interrupts."""
        place = place_of(config)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._in_flight[place].add(future)
        try:
            await self._keep_writes(place, writes, task_id, task_path)
        finally:
            future.set_result(None)
            self._in_flight[place].discard(future)
            if not self._in_flight[place]:
                del self._in_flight[place]

    async def _keep_writes(self, place: Place, writes: Sequence[tuple[str, Any]], task: str, path: str) -> None:
        thread, ns, checkpoint = place
        await self._fences.hold(thread)
        rows, epoch = list[Row](), self._fences.epoch(thread)
        for position, (channel, value) in enumerate(writes):
            number = WRITES_IDX_MAP.get(channel, position)
            kind, data, blob = await self._dump_value(thread, value)
            row = {"thread": thread, "ns": ns, "checkpoint": checkpoint, "task": task, "path": path, "channel": channel}
            key = f"{row_id(*place)}|{task}|{number:05d}" + f"|{epoch}" * (number < 0)
            rows.append({"_id": key, **row, "number": number, "epoch": epoch, "kind": kind, "data": data, "blob": blob})
        special = [row["_id"] for row in rows if row["number"] < 0]
        if epoch and not special:
            self._held[place] += rows
            return
        await self._found(thread)
        async with self._fences.writing(thread):
            for id_ in special:
                await self._writes.remove({"_id": id_})
            await self._writes.add_all([*self._held.pop(place, []), *rows])

    async def _dump_value(self, thread: str, value: Any) -> tuple[str, bytes, str]:
        kind, data = self.serde.dumps_typed(value)
        if len(data) < LARGE:
            return kind, data, ""
        return kind, b"", await self._keep(thread, data)

    # --- reading ----------------------------------------------------------------------------------------------------

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the named checkpoint, or the newest of its thread and namespace."""
        thread, ns, _ = place_of(config)
        if thread in self._empty:
            return None
        if id_ := get_checkpoint_id(config):
            row = await self._checkpoints.get(row_id(thread, ns, id_))
        else:
            row = await self._checkpoints.first({"thread": thread, "ns": ns}, [("epoch", -1), ("checkpoint", -1)])
        return await self._tuple(row) if row else None

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  (the base class names it)
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield checkpoints, newest first. `filter` is applied here: engines do not agree on nested queries."""
        left = limit
        async for row in self._checkpoints.stream(condition(config, before), [("checkpoint", -1)]):
            if left is not None and left <= 0:
                return
            metadata = self._metadata(row)
            if filter and any(metadata.get(key) != value for key, value in filter.items()):
                continue
            left = None if left is None else left - 1
            yield await self._tuple(row)

    async def _tuple(self, row: Row) -> CheckpointTuple:
        thread, ns = row["thread"], row["ns"]
        checkpoint: Any = self.serde.loads_typed((row["kind"], row["data"]))
        if row["blobs"]:
            checkpoint["channel_values"] = await self._whole(thread, checkpoint["channel_values"])
        where = {"thread": thread, "ns": ns, "checkpoint": row["checkpoint"]}
        writes = counting(await self._writes.find_all(where))
        writes.sort(key=lambda write: (write["path"], write["task"], write["number"]))
        return CheckpointTuple(
            config=config_of(thread, ns, row["checkpoint"]),
            checkpoint=checkpoint,
            metadata=self._metadata(row),
            parent_config=config_of(thread, ns, row["parent"]) if row["parent"] else None,
            pending_writes=[(write["task"], write["channel"], await self._value(write)) for write in writes],
        )

    def _metadata(self, row: Row) -> CheckpointMetadata:
        return cast("CheckpointMetadata", self.serde.loads_typed((row["meta_kind"], row["meta"])))

    async def _whole(self, thread: str, values: Mapping[str, Any]) -> dict[str, Any]:
        whole = dict(values)
        for name, value in values.items():
            if isinstance(value, dict) and _ELSEWHERE in value:
                kind, blob = cast("tuple[str, str]", value[_ELSEWHERE])
                whole[name] = self.serde.loads_typed((kind, await self._content(thread, blob)))
        return whole

    async def _value(self, write: Row) -> Any:
        data = await self._content(write["thread"], write["blob"]) if write["blob"] else write["data"]
        return self.serde.loads_typed((write["kind"], data))

    async def _content(self, thread: str, blob: str) -> bytes:
        parts = await self._blobs.find_all({"thread": thread, "blob": blob}, [("part", 1)])
        return b"".join(part["data"] for part in parts)

    # --- forgetting and copying -------------------------------------------------------------------------------------

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        for rows in (self._checkpoints, self._writes, self._blobs):
            await rows.remove({"thread": thread_id})

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints that these runs have made."""
        rows = await self._checkpoints.find_all({"run": {"$in": list(run_ids)}})
        await self._forget(rows)

    async def _forget(self, rows: Iterable[Row]) -> None:
        for row in rows:
            await self._writes.remove({name: row[name] for name in ("thread", "ns", "checkpoint")})
            await self._checkpoints.remove({"_id": row["_id"]})

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy everything of a thread to another one."""
        for rows in (self._blobs, self._writes, self._checkpoints):
            copies = [
                {**row, "_id": target_thread_id + row["_id"][len(source_thread_id) :], "thread": target_thread_id}
                for row in await rows.find_all({"thread": source_thread_id})
            ]
            await rows.add_all(copies)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Forget all but the newest checkpoint of each namespace, or, with `delete`, everything of these threads."""
        for thread in thread_ids:
            if strategy == "delete":
                await self.adelete_thread(thread)
                continue
            newest: dict[str, str] = {}
            rows = await self._checkpoints.find_all({"thread": thread}, [("checkpoint", -1)])
            for row in rows:
                newest.setdefault(row["ns"], row["_id"])
            await self._forget(row for row in rows if newest[row["ns"]] != row["_id"])
