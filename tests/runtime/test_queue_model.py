# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportUnknownVariableType=false
"""The queue against a small model of itself: Hypothesis plays workers, the scheduler and people in any order.

After every step the store has to hold what the model says: no run is lost, the newest claim is the only one that can
write, and a run is given up after so many losses. The store is real, time is not.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from runtime.problems import LeaseLost
from runtime.services.clock import VirtualClock
from runtime.services.store import Store, opened
from runtime.services.store.fences import Fence
from runtime.services.store.runs import ENDED, SUSPECT, Run, new
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from runtime.worker import starting, sweeping
from runtime.worker.scheduler import Scheduler
from tests.runtime.conftest import workflow

ATTEMPTS = 2
CONSUMER = workflow(
    "name: consumer\ninput: {type: object, required: [x]}\nsteps: [{id: w, wait: {for: 1s}}]",
    triggers=[{"channel": "orders"}],
    channels={"orders": {"name": "orders", "maxAttempts": ATTEMPTS}},
)
LOSSES = 3
PICK = strategies.integers(0, 1000)


@dataclass
class Expected:
    """A run as the model has it."""

    state: str = "queued"
    epoch: int = 0
    attempt: int = 0
    losses: int = 0
    cancel: int = 0
    lease: int = 0
    wake: int = 0
    order: tuple[int, int, int] = (0, 0, 0)
    """What is claimed first: priority (negative), due, created."""


@dataclass
class Shared:
    """What all examples use: opening a store takes longer than an example."""

    runner: asyncio.Runner
    store: Store
    clock: VirtualClock
    telemetry: Telemetry = field(default_factory=Telemetry)


class Queue(RuleBasedStateMachine):
    """Everything that happens to runs and events."""

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self.shared, self.store, self.clock = shared, shared.store, shared.clock
        self.runs: dict[str, Expected] = {}
        self.claims: list[Run] = []
        self.events: dict[str, tuple[str, bool, int]] = {}
        """State, whether its payload is accepted, and attempts."""
        for name in ("runs", "run_events", "events", "dead_letters"):
            self.do(self.store.collections[name].remove({}))

    def do(self, work: Any) -> Any:
        return self.shared.runner.run(work)

    def now(self) -> int:
        """Return a time that was never there before, so that no order is left to chance."""
        self.clock.advance(0.001)
        return self.clock.now()

    # --- those who add work -------------------------------------------------------------------------------------------

    @rule(priority=strategies.integers(0, 2))
    def enqueue(self, priority: int) -> None:
        id_, now = f"r{len(self.runs)}", self.now()
        assert self.do(self.store.runs.add(new(id_, "w", CONSUMER.digest, {}, now, priority=priority)))
        assert not self.do(self.store.runs.add(new(id_, "w", CONSUMER.digest, {}, now)))
        self.runs[id_] = Expected(order=(-priority, now, now))

    @rule(key=strategies.integers(0, 5), accepted=strategies.booleans())
    def publish(self, key: int, accepted: bool) -> None:
        id_ = f"e{key}"
        fresh = self.do(self.store.events.add(id_, "orders", {"x": 1} if accepted else {}, self.now()))
        assert fresh == (id_ not in self.events)
        self.events.setdefault(id_, ("new", accepted, 0))

    @rule()
    def deliver(self) -> None:
        now = self.now()
        scheduler = Scheduler(self.store, self.clock, self.shared.telemetry, {"consumer": CONSUMER}, "test")
        self.do(scheduler.deliver())
        for id_, (state, accepted, attempts) in self.events.items():
            if state == "new" and accepted:
                self.events[id_] = ("delivered", accepted, attempts)
                self.runs.setdefault(f"{id_}>consumer", Expected(order=(0, now, now)))
            elif state == "new":
                self.events[id_] = ("dead" if attempts + 1 >= ATTEMPTS else "new", accepted, attempts + 1)

    # --- workers ------------------------------------------------------------------------------------------------------

    @rule(suspects=strategies.booleans())
    def claim(self, suspects: bool) -> None:
        now = self.now()
        found = self.do(self.store.runs.claim("w", now, suspects=suspects))
        queued = [id_ for id_, run in self.runs.items() if run.state == "queued"]
        free = [id_ for id_ in queued if suspects or self.runs[id_].losses < SUSPECT]
        if not free:
            assert found is None
            return
        first = min(self.runs[id_].order for id_ in free)
        assert found
        assert self.runs[found.id].order == first
        expected = self.runs[found.id]
        expected.state, expected.lease = "running", now + self.store.runs.lease
        expected.epoch, expected.attempt = expected.epoch + 1, expected.attempt + 1
        self.claims.append(found)

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def beat(self, pick: int) -> None:
        run, now = self.claims[pick % len(self.claims)], self.now()
        found = self.do(self.store.runs.beat(run, now))
        assert (found is not None) == self.holds(run)
        if found:
            assert found.cancel == self.runs[run.id].cancel
            self.runs[run.id].lease = now + self.store.runs.lease

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def write(self, pick: int) -> None:
        run = self.claims[pick % len(self.claims)]
        fence = Fence(self.store.collections["runs"], run.id, run.epoch)
        if self.holds(run):
            self.do(fence.check())
        else:
            with pytest.raises(LeaseLost):
                self.do(fence.check())

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, state=strategies.sampled_from(["succeeded", "failed"]))
    def end(self, pick: int, state: str) -> None:
        run = self.claims[pick % len(self.claims)]
        assert self.do(self.store.runs.end(run, state, self.now())) == self.holds(run)
        if self.holds(run):
            self.runs[run.id].state = state

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def wait(self, pick: int) -> None:
        run, now = self.claims[pick % len(self.claims)], self.now()
        waits = self.holds(run) and not self.runs[run.id].cancel
        asked = {"id": "q", "kind": "timer", "deadline": now + 5000}
        assert self.do(self.store.runs.wait(run, [asked], now + 60_000)) == waits
        if waits:
            self.runs[run.id].state, self.runs[run.id].wake = "waiting", now + 5000

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, state=strategies.sampled_from(["queued", "interrupted"]))
    def put_back(self, pick: int, state: str) -> None:
        run, now = self.claims[pick % len(self.claims)], self.now()
        assert self.do(self.store.runs.put_back(run, now, state)) == self.holds(run)
        if self.holds(run):
            expected = self.runs[run.id]
            expected.attempt -= 1
            expected.state, expected.order = state, (expected.order[0], now, expected.order[2])

    # --- time, the scheduler and people -------------------------------------------------------------------------------

    @rule(seconds=strategies.sampled_from([1, 6, 16]))
    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def sweep(self) -> None:
        now = self.now()
        lost = [id_ for id_, run in self.runs.items() if run.state == "running" and run.lease < now]
        swept = self.do(sweeping.sweep(self.store, self.clock, self.shared.telemetry, LOSSES))
        assert sorted(swept) == sorted(lost)
        for expected in [self.runs[id_] for id_ in lost]:
            given_up = expected.losses + 1 >= LOSSES
            expected.state, expected.epoch = ("failed", expected.epoch + 1) if given_up else ("queued", expected.epoch)
            expected.losses += not given_up
            expected.order = (expected.order[0], now, expected.order[2])

    @precondition(lambda self: self.runs)
    @rule(times=strategies.integers(1, LOSSES))
    def die(self, times: int) -> None:
        """Let workers die over whatever is most urgent, one after the other."""
        for _ in range(times):
            self.claim(suspects=True)
            self.pass_time(16)
            self.sweep()

    @rule()
    def wake(self) -> None:
        now = self.now()
        self.do(Scheduler(self.store, self.clock, self.shared.telemetry, {}, "test").wake())
        for expected in self.runs.values():
            if expected.state == "waiting" and expected.wake <= now:
                expected.state, expected.order = "queued", (expected.order[0], now, expected.order[2])

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        id_ = sorted(self.runs)[pick % len(self.runs)]
        expected = self.runs[id_]
        if expected.state == "running":
            expected.cancel = 1
        elif expected.state not in ENDED:
            expected.state, expected.cancel, expected.epoch = "cancelled", 1, expected.epoch + 1
        run = self.do(starting.found(self.store, id_))
        assert self.do(starting.cancelled(self.store, self.clock, run)) == expected.state

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def resume(self, pick: int) -> None:
        id_, now = sorted(self.runs)[pick % len(self.runs)], self.now()
        expected = self.runs[id_]
        assert self.do(self.store.runs.requeue(id_, now)) == (expected.state == "interrupted")
        if expected.state == "interrupted":
            expected.state, expected.order = "queued", (expected.order[0], now, expected.order[2])

    @rule()
    def redeliver(self) -> None:
        now = self.now()
        for letter in self.do(self.store.events.dead()):
            assert self.do(self.store.events.redeliver(letter["_id"], now))
            self.events[letter["_id"]] = ("new", self.events[letter["_id"]][1], 0)
        for run in self.do(self.store.runs.given_up()):
            assert self.do(self.store.runs.revive(run, now))
            expected = self.runs[run.id]
            expected.state, expected.losses = "queued", 0
            expected.order = (expected.order[0], now, expected.order[2])

    # --- what always holds --------------------------------------------------------------------------------------------

    def holds(self, run: Run) -> bool:
        expected = self.runs[run.id]
        return expected.state == "running" and expected.epoch == run.epoch

    @invariant()
    def the_store_holds_what_the_model_says(self) -> None:
        found = {run.id: run for run in self.do(self.store.runs.find({}, 0))}
        assert {id_: (r.state, r.epoch, r.attempt, r.losses, r.cancel) for id_, r in found.items()} == {
            id_: (r.state, r.epoch, r.attempt, r.losses, r.cancel) for id_, r in self.runs.items()
        }

    @invariant()
    def the_events_stand_where_the_model_says(self) -> None:
        found = {row["_id"]: row["state"] for row in self.do(self.store.collections["events"].find_all({}))}
        assert found == {id_: state for id_, (state, _, _) in self.events.items()}


def test_the_queue_behaves_like_its_model(settings: Settings) -> None:
    clock, telemetry = VirtualClock(), Telemetry()
    with asyncio.Runner() as runner:
        opening = opened(settings, telemetry, clock, check=False)
        shared = Shared(runner, runner.run(opening.__aenter__()), clock)
        try:
            run_state_machine_as_test(lambda: Queue(shared), settings=HOW)  # pyright: ignore[reportArgumentType]
        finally:
            runner.run(opening.__aexit__(None, None, None))


HOW = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
