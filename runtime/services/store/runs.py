"""Runs: the record of each one, and the queue that workers claim from.

A run is `queued`, `running`, `waiting` (for people, timers, events), `interrupted` (by hand; it can be resumed), or has
ended as `succeeded`, `failed`, `cancelled` or `timeout`. `epoch` grows with every claim and is the fencing token: who
holds an older one cannot change the run any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.contract.bodies import TENANT
from runtime.services.store.collection import Collection, Row, pack, unpack
from runtime.services.store.news import News

_ZERO = (
    "epoch", "attempt", "started", "ended", "deadline", "lease", "wake", "cancel", "undo", "revision", "number",
    "losses", "reached", "buried", "lost", "hears", "asks",
)  # fmt: skip
UNDER_WAY = ("queued", "running", "waiting", "interrupted")
"""They are asked for one by one: the embedded store has no index for several values."""
_IDLE = ("queued", "waiting", "interrupted")
_AWAKE: Mapping[str, Any] = {"waiting": "[]", "wake": 0, "listens": []}
ENDED = ("succeeded", "failed", "cancelled", "timeout")
QUEUE = "default"
"""What workers claim from. Runs of `apm run` are in `local`: the command itself executes them, with its own models."""
HELD = "held"
"""Runs that wait for the run before them on their thread."""


@dataclass(frozen=True)
class Run:
    """One run as it is stored."""

    id: str
    workflow: str
    digest: str
    state: str
    epoch: int
    attempt: int
    created: int
    started: int
    ended: int
    deadline: int
    """When it times out, in milliseconds since 1970; 0 before its first claim."""
    input: Mapping[str, Any]
    output: Any
    problem: Mapping[str, Any] | None
    waiting: Sequence[Mapping[str, Any]]
    """What it waits for: `{id, path, kind, message, options, schema, assignees, payload, channel, when, deadline}`."""
    answers: Mapping[str, Mapping[str, Any]]
    """Answers that have been given and not yet taken, by the id of what they answer."""
    options: Mapping[str, Any]
    """How it was started: `{provider, replies, model_file}`."""
    queue: str
    revision: int
    lease: int
    """Until when its worker may be silent, in milliseconds since 1970."""
    worker: str
    cancel: int
    trigger: str
    tenant: str
    """Whose run it is."""
    thread: str
    """The thread whose state it goes on from; empty for a run of its own."""
    number: int
    """Which run of its thread it is, from 1."""
    ending: Mapping[str, Any] | None
    """How it is going to end, once what it has done is undone: `{state, problem}`."""
    losses: int
    """Workers that it has lost one after the other without getting on."""
    reached: int
    """Checkpoints that it had at its last loss: with more of them, it has got on since."""
    lost: int
    """The newest claim whose worker stopped answering; 0 for none. Of its events only those until then count."""


_NAMES = (
    "queue", "revision", "lease", "worker", "cancel", "trigger", "tenant", "thread", "number", "losses", "reached",
    "lost",
)  # fmt: skip
LOSSES = 5
"""Workers that may die over a run, one after the other without a step ended in between, until it is given up."""
SUSPECT = 2
"""Losses after which a run may be what kills workers: a worker takes one such run at a time."""


def read(row: Row) -> Run:
    """Return the run of a row."""
    plain = ("workflow", "digest", "state", "epoch", "attempt", "created", "started", "ended", "deadline")
    packed = ("input", "output", "problem", "waiting", "answers", "options", "ending")
    return Run(
        id=row["_id"],
        **{name: row[name] for name in plain},
        **{name: unpack(row[name]) for name in packed},
        **{name: row[name] for name in _NAMES},
    )


def new(run: str, workflow: str, digest: str, input_: Mapping[str, Any], now: int, **more: Any) -> Row:
    """Return the row of a run that is about to be queued."""
    zero = dict.fromkeys(_ZERO, 0)
    packed = {"input": pack(input_), "output": None, "problem": None, "waiting": "[]", "answers": "{}", "options": "{}",
              "ending": None}  # fmt: skip
    names: Row = {"queue": QUEUE, "priority": 0, "worker": "", "trigger": "manual", "listens": []}
    names |= {"tenant": TENANT, "thread": ""}
    times = {"created": now, "due": now}
    return (
        {"_id": run, "workflow": workflow, "digest": digest, "state": "queued"} | zero | packed | names | times | more
    )


class Runs:
    """The runs of the store."""

    def __init__(self, rows: Collection, lease: int, news: News) -> None:
        self._rows = rows
        self._news = news
        self.lease = lease
        """Milliseconds that a worker may be silent before its runs go to others."""

    async def add(self, row: Row) -> bool:
        """Queue a run; False when there is one with this id already."""
        return await self._rows.add(row)

    async def get(self, id_: str) -> Run | None:
        """Return a run."""
        row = await self._rows.get(id_)
        return read(row) if row else None

    async def find(self, where: Mapping[str, Any] | None = None, limit: int = 100) -> list[Run]:
        """Return runs, newest first; `where` may name workflow and state."""
        rows = await self._rows.find_all(where or {}, [("created", -1)], limit)
        return [read(row) for row in rows]

    async def of_thread(self, thread: str, after: int = 0, limit: int = 0) -> list[Run]:
        """Return the runs of a thread in order, after a number."""
        where = {"thread": thread, "number": {"$gt": after}}
        return [read(row) for row in await self._rows.find_all(where, [("number", 1)], limit)]

    async def held(self) -> list[Run]:
        """Return runs that wait for the run before them on their thread, oldest first."""
        where = {"queue": HELD, "state": "queued"}
        return [read(row) for row in await self._rows.find_all(where, [("created", 1)])]

    async def release(self, id_: str) -> bool:
        """Let workers claim a run that was held, as soon as it is due."""
        where = {"_id": id_, "queue": HELD, "state": "queued"}
        return await self._rows.change(where, {"$set": {"queue": QUEUE}, "$inc": {"revision": 1}})

    # --- the queue -------------------------------------------------------------------------------------------------

    async def claim(
        self,
        worker: str,
        now: int,
        run: str | None = None,
        queue: str = QUEUE,
        but: Sequence[str] = (),
        *,
        suspects: bool = True,
    ) -> Run | None:
        """Take the most urgent run that is due, of other workflows than `but`, or the named one if it is queued.

        With `suspects` it may be one that may be what kills workers.
        """
        where: dict[str, Any] = {"queue": queue, "state": "queued", "due": {"$lte": now}}
        if but:
            where["workflow"] = {"$nin": list(but)}
        if not suspects:
            where["losses"] = {"$lt": SUSPECT}
        if run is not None:
            where = {"_id": run, "state": "queued"}
        update = {
            "$set": {"state": "running", "worker": worker, "lease": now + self.lease},
            "$inc": {"epoch": 1, "attempt": 1, "revision": 1},
        }
        row = await self._rows.take(where, update, [("priority", -1), ("due", 1), ("created", 1)])
        return read(row) if row else None

    async def begin(self, run: Run, now: int, patience: int) -> int:
        """Record the first start and return the deadline of the run."""
        if run.started:
            return run.deadline
        await self._mine(run, {"started": now, "deadline": now + patience})
        return now + patience

    async def beat(self, run: Run, now: int) -> Run | None:
        """Prolong the lease and return the run as it is now, with its cancel flag; None when it has been lost."""
        where = {"_id": run.id, "epoch": run.epoch, "state": "running"}
        row = await self._rows.take(where, {"$set": {"lease": now + self.lease}}, [("_id", 1)])
        return read(row) if row else None

    async def expired(self, now: int) -> list[Run]:
        """Return running runs whose worker has stopped answering."""
        return [read(row) for row in await self._rows.find_all({"state": "running", "lease": {"$lt": now}})]

    async def recover(self, run: Run, now: int, losses: int = 1, reached: int = 0) -> bool:
        """Queue an expired run again; False when its worker has answered meanwhile."""
        values: Row = {"state": "queued", "due": now, "worker": "", "losses": losses, "reached": reached}
        values["lost"] = run.epoch
        return await self._rows.change(self._expired(run), {"$set": values})

    async def take_over(self, run: Run, now: int) -> Run | None:
        """Claim an expired run in order to give it up; None when its worker has answered meanwhile."""
        return await self._seized(self._expired(run), {"lost": run.epoch}, now)

    async def bury(self, run: Run, now: int, problem: Mapping[str, Any]) -> bool:
        """End a run as failed and keep it for `revive`; False when it has been lost to somebody else."""
        values: Row = {"state": "failed", "ended": now, "problem": pack(problem), "buried": 1}
        buried = await self._mine(run, values)
        self._news.tell(run.id)
        return buried

    async def _seized(self, where: Mapping[str, Any], values: Row, now: int) -> Run | None:
        """Claim a run in order to end it: who dies before that leaves a claim that expires like any other one."""
        update = {"$set": {"state": "running", "worker": "", "lease": now + self.lease, **values},
                  "$inc": {"epoch": 1, "revision": 1}}  # fmt: skip
        row = await self._rows.take(where, update, [("_id", 1)])
        return read(row) if row else None

    def _expired(self, run: Run) -> Row:
        return {"_id": run.id, "state": "running", "epoch": run.epoch, "lease": run.lease}

    async def _mine(self, run: Run, values: Mapping[str, Any], **more: Any) -> bool:
        where = {"_id": run.id, "epoch": run.epoch, "state": "running", **more}
        return await self._rows.change(where, {"$set": dict(values), "$inc": {"revision": 1}})

    async def undoable(self, run: Run) -> None:
        """Note that a run has done something that has to be undone should it not end well."""
        await self._mine(run, {"undo": 1})

    async def ending(self, run: Run, state: str, problem: Mapping[str, Any] | None) -> None:
        """Note how a run is going to end, so that whoever takes it up does not go on with its steps."""
        await self._mine(run, {"ending": pack({"state": state, "problem": problem})})

    # --- what a worker reports ------------------------------------------------------------------------------------

    async def end(self, run: Run, state: str, now: int, output: Any = None, problem: Any = None) -> bool:
        """End a run; False when it has been lost to another worker."""
        values: Row = {
            "state": state,
            "ended": now,
            "output": pack(output),
            "waiting": "[]",
            "answers": "{}",
            "wake": 0,
        }
        ended = await self._mine(run, values | {"problem": pack(problem) if problem else None, "listens": []})
        if ended:
            self._news.tell(run.id)
        return ended

    async def wait(self, run: Run, waiting: Sequence[Mapping[str, Any]], deadline: int) -> bool:
        """Put a run aside until an answer, an event or the first deadline; False when it is lost or cancelled."""
        wakes = [entry["deadline"] for entry in waiting if entry.get("deadline")] + [deadline]
        values = {
            "state": "waiting",
            "waiting": pack(list(waiting)),
            "answers": "{}",
            "wake": min(wakes),
            "listens": sorted({one["channel"] for entry in waiting for one in entry.get("heard", ())}),
            "hears": int(any(entry.get("heard") for entry in waiting)),
            "asks": int(any(entry["kind"] in ("approval", "ask") for entry in waiting)),
        }
        waits = await self._mine(run, values, cancel=0)
        self._news.tell(run.id)
        return waits

    async def put_back(self, run: Run, now: int, state: str = "queued") -> bool:
        """Hand a run back without burning an attempt (`queued`), or leave it as `interrupted`."""
        where = {"_id": run.id, "epoch": run.epoch, "state": "running"}
        update = {"$set": {"state": state, "due": now, "worker": ""}, "$inc": {"attempt": -1, "revision": 1}}
        back = await self._rows.change(where, update)
        self._news.tell(run.id)
        return back

    # --- what people and the scheduler do ---------------------------------------------------------------------------

    async def answer(self, run: Run, answers: Mapping[str, Mapping[str, Any]], now: int) -> bool:
        """Queue a waiting run with answers; False when it has changed since it was read."""
        where = {"_id": run.id, "state": "waiting", "revision": run.revision}
        values: Row = {
            "state": "queued",
            "due": now,
            "answers": pack({**run.answers, **answers}),
            "wake": 0,
            "listens": [],
        }
        return await self._rows.change(where, {"$set": values, "$inc": {"revision": 1}})

    async def voted(self, run: Run, waiting: Sequence[Mapping[str, Any]]) -> bool:
        """Keep what people have chosen so far; False when the run has changed since it was read."""
        where = {"_id": run.id, "state": "waiting", "revision": run.revision}
        return await self._rows.change(where, {"$set": {"waiting": pack(list(waiting))}, "$inc": {"revision": 1}})

    async def requeue(self, id_: str, now: int) -> bool:
        """Queue an interrupted run again."""
        where = {"_id": id_, "state": "interrupted"}
        return await self._rows.change(where, {"$set": {"state": "queued", "due": now}, "$inc": {"revision": 1}})

    async def given_up(self) -> list[Run]:
        """Return runs that were given up and not taken up again, newest first."""
        return await self.find({"buried": 1}, 0)

    async def revive(self, run: Run, now: int) -> bool:
        """Queue a run again that was given up; the time since then is not taken from its own."""
        where = {"_id": run.id, "state": "failed", "buried": 1}
        fresh: Row = {"state": "queued", "due": now, "ended": 0, "problem": None, "buried": 0, "losses": 0}
        return await self._rows.change(where, {"$set": fresh, "$inc": {"revision": 1, "deadline": now - run.ended}})

    async def seize(self, id_: str, now: int) -> Run | None:
        """Claim a run that nobody executes, in order to end it as cancelled; None when there is something to undo."""
        where = {"_id": id_, "state": {"$in": list(_IDLE)}, "undo": 0}
        return await self._seized(where, {"cancel": 1, **_AWAKE}, now)

    async def cancel(self, id_: str, now: int) -> str:
        """Let a worker cancel a run; returns the state: `running` until its worker has seen the flag.

        One that has done something to undo is `queued`: a worker undoes it.
        """
        begun: Row = {"state": "queued", "due": now, "cancel": 1, **_AWAKE}
        idle = {"_id": id_, "state": {"$in": list(_IDLE)}, "undo": 1}
        if not await self._rows.change(idle, {"$set": begun, "$inc": {"revision": 1}}):
            await self._rows.change({"_id": id_, "state": "running"}, {"$set": {"cancel": 1}})
        run = await self.get(id_)
        return run.state if run else "missing"

    async def due_to_wake(self, now: int) -> list[Run]:
        """Return waiting runs with a deadline that has passed."""
        return [read(row) for row in await self._rows.find_all({"state": "waiting", "wake": {"$lte": now, "$gt": 0}})]

    async def listening(self) -> list[Run]:
        """Return waiting runs that wait for an event."""
        return await self.find({"state": "waiting", "hears": 1}, 0)

    async def depth(self, now: int, queue: str = QUEUE) -> tuple[int, int]:
        """Return how many runs are due and unclaimed, and since when the oldest is (0 without one)."""
        where = {"queue": queue, "state": "queued", "due": {"$lte": now}}
        oldest = await self._rows.first(where, [("due", 1)])
        return await self._rows.count(where), oldest["due"] if oldest else 0

    async def running(self, workflow: str) -> int:
        """Return how many runs of a workflow are executed."""
        return await self._rows.count({"workflow": workflow, "state": "running"})

    async def under_way(self) -> list[Row]:
        """Return `{workflow, state, created, started, asks}` of every run that has not ended; `asks` is 0 or 1."""
        names = ("workflow", "state", "created", "started", "asks")
        return [row for state in UNDER_WAY for row in await self._rows.parts({"state": state}, names)]

    async def active(self, workflow: str) -> list[Run]:
        """Return runs of a workflow that have not ended."""
        return [run for state in UNDER_WAY for run in await self.find({"workflow": workflow, "state": state}, 0)]
