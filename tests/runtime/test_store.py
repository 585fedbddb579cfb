"""The state store: the portable subset, the queue, leases, and the embedded server."""

import asyncio
import gc
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect

import runtime.services.store as package
from runtime.problems import Failure, StepError
from runtime.services.store import indexes, opened, selfcheck
from runtime.services.store.collection import Collection
from runtime.services.store.embedded import EmbeddedStore
from runtime.services.store.runs import new
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from tests.runtime.conftest import World
from tests.runtime.processes import until

FORBIDDEN = re.compile(
    r"\$(push|addToSet|pull|where|expr|lookup|facet|merge|out|group|exists|ne|not|nor|or|elemMatch|regex|text|near|"
    r"currentDate|rename|mul|setOnInsert|bit|pop|slice|NOW|\$NOW|jsonSchema)\b"
    r"|find_one_and_replace|replace_one|array_filters|upsert|aggregate\(|start_session|\.watch\(|partialFilterExpression"
)


def sources() -> list[Path]:
    """Return the repository layer; `declared` only prepares collections of others, on a server of theirs."""
    folder = Path(str(package.__file__)).parent
    return [*(file for file in folder.glob("*.py") if file.name != "declared.py"), folder.parent / "checkpointer.py"]


@pytest.mark.parametrize("file", sources(), ids=lambda file: file.name)
def test_the_repository_layer_stays_inside_the_portable_subset(file: Path) -> None:
    code = "\n".join(line.split("  # ")[0] for line in file.read_text().splitlines())
    assert FORBIDDEN.findall(re.sub(r'""".*?"""', "", code, flags=re.DOTALL)) == []


def test_only_one_module_calls_the_driver() -> None:
    callers = {
        file.name for file in sources() if re.search(r"^\s*(from|import) pymongo", file.read_text(), re.MULTILINE)
    }
    assert callers == {"collection.py", "__init__.py"}


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancellation_that_the_driver_swallows_is_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """`asyncio.wait_for` of Python 3.11 returns the answer when both come at once."""
    entered = asyncio.Event()

    async def swallows(*args: Any, **more: Any) -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if fails:
                raise AutoReconnect("connection closed") from None

    monkeypatch.setattr(AsyncCollection, "find_one", swallows)
    task = asyncio.create_task(world.store.runs.get("r"))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_store_that_is_silently_wrong_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(self: Collection, where: Any, update: Any) -> bool:
        del self, where, update
        return True  # says that it has updated, whatever the condition

    monkeypatch.setattr(Collection, "change", lost)
    with pytest.raises(Failure, match="updates only what still matches"):
        await selfcheck.run(world.store.collections["selfcheck"])


async def test_the_embedded_store_passes_its_check(world: World) -> None:
    await selfcheck.run(world.store.collections["selfcheck"])


async def test_creating_indexes_again_changes_nothing(world: World) -> None:
    await indexes.create(world.store.collections)


async def test_a_run_is_claimed_once_by_many(world: World) -> None:
    for number in range(40):
        await world.store.runs.add(new(f"r{number}", "w", "d", {}, number))
    names = [f"w{number}" for number in range(60)]
    claims = await asyncio.gather(*(world.store.runs.claim(name, world.clock.now()) for name in names))
    assert sorted(run.id for run in claims if run) == sorted(f"r{number}" for number in range(40))


async def test_many_may_be_the_first_to_count_in_a_row(world: World) -> None:
    budgets = world.store.budgets
    for pot in range(60):
        counts = await asyncio.gather(*(budgets.count(f"p{pot}", "calls") for _ in range(4)))
        assert sorted(counts) == [1, 2, 3, 4]


async def test_many_may_be_the_first_to_put_a_row(world: World) -> None:
    rows = world.store.collections["selfcheck"]
    for row in range(30):
        await asyncio.gather(*(rows.put(f"r{row}", {f"f{number}": number}) for number in range(4)))
        assert await rows.get(f"r{row}") == {"_id": f"r{row}", "f0": 0, "f1": 1, "f2": 2, "f3": 3}


async def test_urgent_runs_go_first_then_the_older_ones(world: World) -> None:
    for name, priority, due in (("late", 0, 3), ("early", 0, 1), ("urgent", 5, 9)):
        await world.store.runs.add(new(name, "w", "d", {}, due, priority=priority))
    claims = [await world.store.runs.claim("w", world.clock.now()) for _ in range(3)]
    assert [run.id for run in claims if run] == ["urgent", "early", "late"]


async def test_a_run_that_is_not_due_is_not_claimed(world: World) -> None:
    await world.store.runs.add(new("r", "w", "d", {}, world.clock.now() + 1))
    assert await world.store.runs.claim("w", world.clock.now()) is None


async def test_who_has_lost_a_run_cannot_change_it(world: World) -> None:
    runs = world.store.runs
    await runs.add(new("r", "w", "d", {}, 0))
    old = await runs.claim("a", world.clock.now())
    world.clock.advance(world.executor.settings.lease + 1)
    (expired,) = await runs.expired(world.clock.now())
    assert await runs.recover(expired, world.clock.now())
    young = await runs.claim("b", world.clock.now())
    assert old
    assert young
    assert young.epoch == old.epoch + 1
    assert await runs.beat(old, world.clock.now()) is None
    assert not await runs.end(old, "succeeded", 1)
    assert await runs.end(young, "succeeded", 1)


async def test_a_heartbeat_keeps_a_run_and_brings_the_cancel_flag(world: World) -> None:
    runs = world.store.runs
    await runs.add(new("r", "w", "d", {}, 0))
    run = await runs.claim("a", world.clock.now())
    assert run
    world.clock.advance(world.executor.settings.lease - 1)
    assert await runs.beat(run, world.clock.now())
    world.clock.advance(2)
    assert await runs.expired(world.clock.now()) == []
    assert await runs.cancel("r", world.clock.now()) == "running"
    now = await runs.beat(run, world.clock.now())
    assert now
    assert now.cancel == 1


async def test_one_leads_until_its_lease_is_over(world: World) -> None:
    leases = world.store.leases
    assert await leases.take("scheduler", "a", 0, 10)
    assert not await leases.take("scheduler", "b", 5, 10)
    assert await leases.take("scheduler", "a", 9, 10)
    assert not await leases.take("scheduler", "b", 15, 10)
    assert await leases.take("scheduler", "b", 20, 10)


async def test_values_of_users_come_back_as_they_were(world: World) -> None:
    value = {"a.b": True, "$x": [1, 2.5, None, {"": "é\u0000"}], "big": 2**53}
    await world.store.runs.add(new("r", "w", "d", value, 0))
    run = await world.store.runs.get("r")
    assert run
    assert run.input == value


def test_a_store_that_does_not_answer_is_one_sentence() -> None:
    async def use() -> None:
        async with opened(Settings(store_uri="mongodb://127.0.0.1:9", store_patience=0.2), Telemetry()):
            pass

    # pymongo's monitor, cancelled while it connects, leaves its socket to the collector; that is not ours to fail on.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(Failure, match="does not answer"):
            asyncio.run(use())
        gc.collect()


async def test_a_store_that_goes_away_is_an_unavailable_problem_and_a_metric(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*args: Any, **more: Any) -> Any:
        raise AutoReconnect("connection closed")

    assert world.telemetry.value("apm_store_up") == 1
    monkeypatch.setattr(AsyncCollection, "find_one", gone)
    with pytest.raises(StepError, match="does not answer"):
        await world.store.runs.get("r")
    assert world.telemetry.value("apm_store_up") == 0
    assert not await world.store.ping()


USER = """
import asyncio, pathlib, sys, time
from runtime.services.store.embedded import EmbeddedStore
asyncio.run(EmbeddedStore(pathlib.Path(sys.argv[1])).start())
print("up", flush=True)
time.sleep(600)
"""


def test_the_embedded_store_ends_when_all_who_use_it_were_killed(tmp_path: Path) -> None:
    users = [subprocess.Popen([sys.executable, "-c", USER, tmp_path], stdout=subprocess.PIPE) for _ in range(2)]
    for user in users:
        assert user.stdout
        assert user.stdout.readline() == b"up\n"
        user.stdout.close()
    server = Path("/proc", str(json.loads((tmp_path / "store.json").read_text())["pid"]), "cmdline")
    users[0].kill()
    users[0].wait()
    assert server.read_bytes()
    users[1].kill()
    users[1].wait()
    until(lambda: not server.exists() or not server.read_bytes())


async def test_two_commands_share_the_embedded_store_of_a_folder(tmp_path: Path) -> None:
    first, second = EmbeddedStore(tmp_path), EmbeddedStore(tmp_path)
    other = tmp_path / "users" / "1"  # process 1 always lives
    address = await first.start()
    other.touch()
    first.stop()
    assert await second.start() == address
    other.unlink()
    second.stop()
    assert not (tmp_path / "store.json").exists()


async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="cannot be made"):
        await EmbeddedStore(tmp_path / "file" / "state").start()
