"""Real workers that are killed and paused at random moments: twenty trials, and what their judge would refuse."""

import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.services.store.runs import Run, new, read
from tests.runtime.crash import judge, workers
from tests.runtime.crash.__main__ import verdict
from tests.runtime.crash.target import Effect
from tests.runtime.crash.trial import Outcome

ROOT = Path(__file__).parents[2]

# --- what would be refused -------------------------------------------------------------------------------------------


def ran(state: str = "succeeded", *, unknown: bool = False, n: int = judge.STEPS, epoch: int = 2) -> Run:
    run = read(new("r", "crash", "d", {}, 0, state=state, attempt=epoch, epoch=epoch))
    return replace(run, output={"n": n, "unknown": unknown} if state == "succeeded" else None)


def effects(**times: int) -> Counter[Effect]:
    once = dict.fromkeys((*judge.KEYED, judge.PLAIN), 1)
    changed = {name.replace("_", "-"): count for name, count in times.items()}
    return Counter({("r", op): count for op, count in {**once, **changed}.items()})


def test_a_run_that_did_everything_once_is_well() -> None:
    assert judge.violations([ran()], ["r"], effects()) == []


def test_an_unknown_effect_is_well_whether_it_has_happened_or_not() -> None:
    run = ran(unknown=True, n=judge.STEPS - 1, epoch=3)
    assert [judge.violations([run], ["r"], effects(pay=times)) for times in (0, 1)] == [[], []]


@pytest.mark.parametrize(
    ("run", "times", "sentence"),
    [
        (None, {}, "r: lost, it is not in the store"),
        (ran("queued"), {}, "r: lost, it is queued"),
        (ran("failed"), {}, "r: lost, it is failed"),
        (ran(), {"first": 2}, "r: `first` has happened 2 times"),
        (ran(), {"item_2": 0}, "r: `item-2` has happened 0 times"),
        (ran(), {"pay": 2}, "r: `pay` has happened 2 times"),
        (ran(unknown=True, n=judge.STEPS - 1, epoch=3), {"pay": 2}, "r: `pay` has happened 2 times"),
        (ran(), {"pay": 0}, "r: `pay` has happened 0 times, and the run does not say that it is unknown"),
        (ran(unknown=True, n=judge.STEPS - 1), {}, "r: an effect is unknown although no worker has died"),
        (ran(n=judge.STEPS + 1), {}, "r: its state counts 9 steps instead of 8"),
    ],
)
def test_a_broken_promise_is_one_sentence(run: Run | None, times: dict[str, int], sentence: str) -> None:
    (found,) = judge.violations([run] if run else [], ["r"], effects(**times))
    assert found.startswith(sentence)


def test_two_that_execute_one_run_meet(tmp_path: Path) -> None:
    with workers.held(tmp_path, "r"):
        assert workers.is_held(tmp_path, "r")
        with workers.held(tmp_path, "r"):
            pass
    assert not workers.is_held(tmp_path, "r")
    assert "at the same time" in (tmp_path / "violations").read_text()


def test_a_worker_that_was_starved_is_no_violation(tmp_path: Path) -> None:
    with workers.held(tmp_path, "r", 1), workers.held(tmp_path, "r", 3, lost=1):
        pass
    assert not (tmp_path / "violations").exists()
    assert "at the same time" in (tmp_path / "starved").read_text()


def outcome(**more: Any) -> Outcome:
    values: dict[str, Any] = {"runs": 1, "kills": 3, "hits": 1, "resumed": 1, **more}
    return Outcome(**values)


def test_the_last_line_is_a_verdict_and_the_exit_code_follows_it() -> None:
    assert verdict([outcome()])[0].startswith("OK: 1 trials, 1 runs, 3 kills")
    assert verdict([outcome(), outcome(violations=["r: lost"])]) == (
        "BROKEN: 1 violations in 2 trials, 2 runs, 6 kills, 0 runs paused",
        1,
    )
    assert verdict([outcome(hits=0)]) == (
        "NOTHING SHOWN: no kill has met a run in 1 trials, 1 runs, 3 kills, 0 runs paused",
        1,
    )


# --- the trials ------------------------------------------------------------------------------------------------------


def test_killed_and_paused_workers_lose_no_run_and_do_nothing_twice(
    record_property: Callable[[str, object], None],
) -> None:
    """`make crash SEED=n` plays the same moments and choices again."""
    seed = secrets.randbelow(10**6)
    record_property("seed", seed)
    command = [sys.executable, "-m", "tests.runtime.crash", "--trials", "20", "--lanes", "4", "--seed", str(seed)]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(played.stdout, played.stderr)  # pytest shows it when the verdict is another one
    assert played.stdout.splitlines()[-1].startswith("OK: 20 trials, ")
    assert played.returncode == 0
