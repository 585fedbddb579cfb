"""`python -m tests.runtime.crash [--trials 20] [--seed N] [--lanes 1]`: a table, and a verdict as the last line.

Real worker processes over one embedded store are killed with SIGKILL, and one is paused with SIGSTOP for longer than
its lease, at random moments while runs with effects are under way. Exit code 1 when a promise was broken: a run is
lost, is executed twice at once, or has an effect twice; an effect that may have happened is not said to be unknown; a
paused worker writes after its lease. The same seed gives the same moments and choices, not the same interleaving:
processes are real.
"""

import argparse
import asyncio
import random
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import uvicorn

from runtime.contract import WorkflowDocument
from runtime.services.store import Store, opened
from runtime.services.store.embedded import EmbeddedStore
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from tests.runtime.conftest import workflow
from tests.runtime.crash.target import Target
from tests.runtime.crash.trial import Outcome, Trial
from tests.runtime.crash.workers import LEASE, Pool

WORKERS = 2
DOCUMENT = """
name: crash
state: {n: {type: integer, reducer: add, default: 0}, unknown: {type: boolean, default: false}}
output: {n: "${state.n}", unknown: "${state.unknown}"}
steps:
  - {id: first, tool: keyed, with: {run: "${run.id}", op: first}, save: {n: 1}}
  - {id: pure, function: text-statistics, with: {text: "${run.id}"}, save: {n: 1}}
  - id: pay
    tool: plain
    with: {run: "${run.id}", op: pay}
    save: {n: 1}
    onError: [{match: effect-unknown, goto: unsure}]
    next: each
  - {id: unsure, set: {unknown: true}}
  - id: each
    forEach:
      in: "[1, 2, 3]"
      maxConcurrency: 2
      steps: [{id: post, tool: keyed, with: {run: "${run.id}", op: "item-${item}"}, save: {n: 1}}]
  - {id: nap, wait: {for: 1ms}}
  - id: both
    parallel:
      branches:
        left: [{id: book, tool: keyed, with: {run: "${run.id}", op: left}, save: {n: 1}}]
        right: [{id: look, function: text-statistics, with: {text: x}}]
  - {id: last, http: {method: PUT, url: "TARGET/keyed", body: {run: "${run.id}", op: last}}, save: {n: 1}}
"""
COLUMNS = ("runs", "kills", "hits", "resumed", "repeated", "unknown", "paused", "unread", "starved", "seconds")


def document(address: str) -> WorkflowDocument:
    """Return the workflow, with the target at that address."""
    tools = {
        name: {
            "name": name,
            "effect": "write",
            "idempotent": name == "keyed",
            "timeout": "20s",
            "http": {"method": "POST", "url": f"{address}/{name}"},
        }
        for name in ("keyed", "plain")
    }
    return workflow(DOCUMENT.replace("TARGET", address), tools=tools)


async def trials(count: int, seed: int, lanes: int = 1) -> list[Outcome]:
    """Play trials, print a line for each, and return what they have shown.

    Most of a trial is waiting for leases to end; so several can be played at a time, each with a store and workers of
    its own.
    """
    print(f"{'trial':>5} " + " ".join(f"{column:>8}" for column in COLUMNS), flush=True)
    numbers = iter(range(1, count + 1))
    with tempfile.TemporaryDirectory() as name:
        played = await asyncio.gather(*(_lane(Path(name) / f"lane-{n}", seed, numbers) for n in range(lanes)))
    return [outcome for outcomes in played for outcome in outcomes]


async def _lane(place: Path, seed: int, numbers: Iterator[int]) -> list[Outcome]:
    """Play one trial after the other, as long as there are numbers."""
    outcomes: list[Outcome] = []
    async with surroundings(place, seed) as (store, pool, target, found):
        for number in numbers:
            chance = random.Random(f"{seed}-{number}")
            trial = Trial(store, pool, target, {"crash": found}, place, chance, f"t{number}")
            outcomes.append(await trial.play())
            _tell(number, outcomes[-1])
    return outcomes


@asynccontextmanager
async def surroundings(place: Path, seed: int) -> AsyncGenerator[tuple[Store, Pool, Target, WorkflowDocument]]:
    """Yield a store of its own in `place/state`, workers that use it, the world outside, and the workflow."""
    for folder in ("locks", "specs"):
        (place / folder).mkdir(parents=True)
    embedded, target = EmbeddedStore(place / "state"), Target(random.Random(seed))
    uri = await embedded.start()
    # Kills, pauses and a busy machine may take one run from more workers than would be enough to give it up elsewhere.
    settings = Settings(store_uri=uri, lease=float(LEASE), slots=6, port=0, store_patience=60.0, losses=100)
    try:
        async with served(target) as address, opened(settings, Telemetry()) as store:
            found = document(address)
            (place / "specs/crash.yaml").write_text(found.model_dump_json(by_alias=True, exclude_unset=True))
            pool = Pool(settings, place, WORKERS)
            try:
                yield store, pool, target, found
            finally:
                pool.stop()
    finally:
        embedded.stop()


@asynccontextmanager
async def served(target: Target) -> AsyncGenerator[str]:
    """Yield the address of the world outside."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # A worker that gets no CPU for long must not meet a connection that was closed meanwhile.
        config = uvicorn.Config(target.app(), log_level="error", lifespan="off", timeout_keep_alive=600)
        server: Any = uvicorn.Server(config)
        server.capture_signals = nullcontext  # Ctrl-C is for us: workers have to be stopped
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def _tell(number: int, outcome: Outcome) -> None:
    values = [getattr(outcome, column) for column in COLUMNS]
    cells = [f"{value:8.1f}" if isinstance(value, float) else f"{value:8}" for value in values]
    print(f"{number:5} " + " ".join(cells), flush=True)
    for sentence in outcome.violations:
        print(f"      VIOLATION {sentence}", flush=True)


def verdict(outcomes: list[Outcome]) -> tuple[str, int]:
    """Return the last line and the exit code."""
    total = {f.name: sum(getattr(o, f.name) for o in outcomes) for f in fields(Outcome) if f.name != "violations"}
    wrong = [sentence for outcome in outcomes for sentence in outcome.violations]
    counted = f"{len(outcomes)} trials, {total['runs']} runs, {total['kills']} kills, {total['paused']} runs paused"
    if wrong:
        return f"BROKEN: {len(wrong)} violations in {counted}", 1
    if not total["hits"] or not total["resumed"]:
        return f"NOTHING SHOWN: no kill has met a run in {counted}", 1
    kept = f"none lost, none twice at once, no effect twice, {total['unknown']} said to be unknown"
    kept += f", {total['unread']} late rows that nobody reads" * bool(total["unread"])
    return f"OK: {counted}, {total['resumed']} runs resumed: {kept}", 0


def main() -> int:
    """Parse arguments, play, print the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--lanes", type=int, default=1, help="trials at a time")
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    print(f"seed {seed}, lease {LEASE} s, {WORKERS} workers", flush=True)
    line, code = verdict(asyncio.run(trials(options.trials, seed, options.lanes)))
    print(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
