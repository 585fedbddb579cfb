"""What the variables of a rendered Deployment change."""

import pytest

from runtime import settings as environment
from runtime.problems import Failure
from runtime.services.clock import VirtualClock
from runtime.services.store import opened
from runtime.services.store.runs import new
from runtime.settings import Settings
from runtime.telemetry import Telemetry

RENDERED = {
    "APM_LEASE_SECONDS": "45",
    "APM_STORE_POOL": "7",
    "APM_RETENTION_SECONDS": "604800",
    "APM_GRACE_SECONDS": "120",
    "APM_SLOTS": "3",
}


def test_variables_become_settings() -> None:
    found = environment.read(RENDERED)
    assert (found.lease, found.store_pool, found.retention) == (45.0, 7, 604_800.0)
    assert (found.grace, found.slots) == (120.0, 3)


def test_without_variables_a_lease_is_fifteen_seconds_and_runs_are_kept_for_thirty_days() -> None:
    found = environment.read({})
    assert (found.lease, found.store_pool, found.retention) == (15.0, 20, 2_592_000.0)


@pytest.mark.parametrize("name", ["APM_LEASE_SECONDS", "APM_STORE_POOL", "APM_RETENTION_SECONDS", "APM_PORT"])
def test_what_is_no_number_is_refused_by_name(name: str) -> None:
    with pytest.raises(Failure, match=f"{name} is '30s'"):
        environment.read({name: "30s"})


async def test_lease_and_pool_reach_the_store(settings: Settings) -> None:
    found = environment.read(RENDERED, store_uri=settings.store_uri, database=settings.database)
    clock = VirtualClock()
    async with opened(found, Telemetry(), clock, check=False) as store:
        assert store.database.client.options.pool_options.max_pool_size == 7
        await store.runs.add(new("r", "w", "d", {}, 0))
        run = await store.runs.claim("w", clock.now())
        assert run
        assert run.lease == clock.now() + 45_000
