"""Breakers and rate limits are one for all processes that share a store."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runtime.contract import Breaker, ResilienceDocument
from runtime.problems import StepError, failed
from runtime.services.guards import Guards
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from tests.runtime.conftest import World, world_of

POLICY = ResilienceDocument(name="erp", breaker=Breaker(failures=2, open_for="60s"))
LIMITED = ResilienceDocument(name="erp", rate_per_minute=2)


def guards(world: World) -> Guards:
    return Guards(world.store.targets, world.clock, Telemetry())


async def down() -> str:
    raise failed("unavailable", "Down")


async def up() -> str:
    return "up"


async def outcome(one: Guards, work: Callable[[], Awaitable[str]], policy: ResilienceDocument = POLICY) -> str:
    try:
        return await one.call(policy, work)
    except StepError as error:
        return error.problem.type


async def test_one_probe_is_let_through_at_a_time(world: World) -> None:
    first, entered, leave = guards(world), asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        entered.set()
        await leave.wait()
        return "up"

    assert [await outcome(first, down) for _ in range(2)] == ["unavailable", "unavailable"]
    world.clock.advance(61)
    probe = asyncio.create_task(outcome(first, slow))
    await entered.wait()
    assert [await outcome(guards(world), up) for _ in range(3)] == ["breaker-open"] * 3
    leave.set()
    assert await probe == "up"
    assert await outcome(guards(world), up) == "up"


async def test_a_probe_that_fails_opens_the_breaker_again(world: World) -> None:
    one = guards(world)
    for _ in range(2):
        await outcome(one, down)
    world.clock.advance(61)
    assert [await outcome(one, down), await outcome(one, up)] == ["unavailable", "breaker-open"]
    world.clock.advance(61)
    assert await outcome(one, up) == "up"


async def test_a_call_from_before_does_not_close_an_open_breaker(world: World) -> None:
    one, entered, leave = guards(world), asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        entered.set()
        await leave.wait()
        return "up"

    await outcome(one, down)
    before = asyncio.create_task(outcome(one, slow))
    await entered.wait()
    await outcome(one, down)
    leave.set()
    assert await before == "up"
    assert await outcome(one, up) == "breaker-open"


async def test_failures_count_only_in_a_row(world: World) -> None:
    one = guards(world)
    assert [await outcome(one, work) for work in (down, up, down, up)] == ["unavailable", "up", "unavailable", "up"]


async def test_workers_share_a_breaker_and_a_rate(settings: Settings) -> None:
    async with world_of(settings) as here, world_of(settings) as there:
        for _ in range(2):
            await outcome(guards(here), down)
        assert await outcome(guards(there), up) == "breaker-open"
        for world in (here, here, there):
            await outcome(guards(world), up, LIMITED)
        assert (here.clock.slept, [round(pause) for pause in there.clock.slept]) == ([], [60])


@pytest.mark.parametrize(("calls", "pauses"), [(2, []), (3, [60]), (5, [60, 60])])
async def test_a_call_beyond_the_rate_waits_for_its_turn(world: World, calls: int, pauses: list[int]) -> None:
    one = guards(world)
    for _ in range(calls):
        await outcome(one, up, LIMITED)
    assert [round(pause) for pause in world.clock.slept] == pauses
