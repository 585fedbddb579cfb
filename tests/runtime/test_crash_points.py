"""A worker that dies at any call of the store: the run ends all the same, with every effect as promised.

What `make crash` finds by chance with real processes is gone through here without luck, in one process: a worker is
dead from its n-th call on, for every n, its run is swept, and a worker that lives takes it up.
"""

import random
import secrets
from collections.abc import Sequence
from contextlib import suppress

from runtime.services.store.runs import ENDED, Run
from runtime.worker import starting
from runtime.worker.executor import Executor
from runtime.worker.starting import Start
from tests.runtime.conftest import ALIVE, Killed, Killer, World
from tests.runtime.crash import judge
from tests.runtime.crash.__main__ import document, served
from tests.runtime.crash.target import Target

CHAINS = 10
"""Runs whose workers die up to four times, at random calls."""


async def trial(world: World, killer: Killer, id_: str, lives: Sequence[int]) -> tuple[Run, int]:
    """Return a run after workers that lived for so many calls and one that lives on, and the calls of that one."""
    await starting.start(world.store, world.clock, world.documents, Start("crash", {}, id=id_))
    left, calls = [*lives], 0
    while True:
        world.clock.advance(16)
        await world.scheduler().sweep()
        await world.scheduler().wake()
        claimed = await world.store.runs.claim("w", world.clock.now(), id_)
        if claimed is None:
            return await starting.found(world.store, id_), calls
        started = killer.left = left.pop(0) if left else ALIVE
        with suppress(Killed):
            await executed(world, claimed)
        calls += started - killer.left
        killer.left = ALIVE


async def executed(world: World, run: Run) -> None:
    executor = Executor(world.executor.settings, world.store, world.clock, world.telemetry)
    try:
        await executor.execute(run)
    finally:
        await executor.close()


async def test_a_worker_may_die_at_any_call_of_the_store(world: World, killer: Killer) -> None:
    target = Target(random.Random(1), slowness=0)
    async with served(target) as address:
        world.documents = {"crash": document(address)}
        _, calls = await trial(world, killer, "alive", [])
        runs = [(await trial(world, killer, f"dead-{n}", [n]))[0] for n in range(calls)]
    assert {run.state for run in runs} <= set(ENDED)
    assert judge.violations(runs, [f"dead-{n}" for n in range(calls)], target.applied) == []
    assert sum(run.attempt > judge.CLAIMS for run in runs) > calls / 3


async def test_workers_may_die_one_after_the_other(world: World, killer: Killer) -> None:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    chance, target = random.Random(seed), Target(random.Random(1), slowness=0)
    async with served(target) as address:
        world.documents = {"crash": document(address)}
        chains = [[chance.randrange(40) for _ in range(chance.randint(2, 4))] for _ in range(CHAINS)]
        runs = [(await trial(world, killer, f"r{n}", lives))[0] for n, lives in enumerate(chains)]
    assert judge.violations(runs, [f"r{n}" for n in range(CHAINS)], target.applied) == []
