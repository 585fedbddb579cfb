"""`python -m benchmarks [--agents 10,100,1000] [--runs 3]`: CPU seconds and peak memory of `apm`.

Medians over fresh processes.

cold: no rendered/, no cache.  full: rendered/ there, `--no-cache`.  unchanged: nothing changed.  one: one spec changed.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import specs

APM = (sys.executable, "-m", "generator")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(Path.cwd())}
"""Byte code is compiled once, in the first run, as in any installed program."""


@dataclass(frozen=True)
class Cost:
    """What one process cost: CPU seconds in user and in system mode, wall seconds, peak memory in MB.

    System time is mostly the file system's: a thousand new files cost 0.05 s on one machine and 0.6 s on another.
    """

    user: float
    system: float
    wall: float
    memory: float


def run(folder: Path, *arguments: str) -> Cost:
    """Run `apm` once in a fresh process."""
    before = os.times()
    process = subprocess.Popen([*APM, "-q", *arguments], cwd=folder, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"apm {' '.join(arguments)} exited {process.returncode} in {folder}")
    wall = os.times().elapsed - before.elapsed
    return Cost(usage.ru_utime, usage.ru_stime, wall, usage.ru_maxrss / 1024)


def measured(runs: int, prepare: Callable[[int], None], folder: Path, *arguments: str) -> Cost:
    """Return the medians of several runs, each after its preparation."""
    costs: list[Cost] = []
    for number in range(runs):
        prepare(number)
        costs.append(run(folder, *arguments))
    return Cost(*(statistics.median(getattr(c, f) for c in costs) for f in ("user", "system", "wall", "memory")))


def table(counts: Sequence[int], runs: int) -> None:
    """Print a row for each number of agents and each case."""
    run(Path.cwd(), "schema", "Team")
    print(f"{'agents':>7} {'objects':>8} {'case':<10} {'user s':>7} {'sys s':>7} {'wall s':>7} {'MB':>6}")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            specs.write(folder, count)
            _rows(folder, count, runs)
    help_ = measured(max(runs, 5), lambda _: None, Path.cwd(), "--help")
    print(f"{'':>7} {'':>8} {'--help':<10} {help_.user:7.3f} {help_.system:7.3f} {help_.wall:7.3f} {help_.memory:6.0f}")


def _rows(folder: Path, count: int, runs: int) -> None:
    def clean(_: int) -> None:
        shutil.rmtree(folder / "rendered", ignore_errors=True)
        shutil.rmtree(folder / ".apm", ignore_errors=True)

    def touch(number: int) -> None:
        file = folder / "specs" / "agents" / "agent-00003.yaml"
        file.write_text(specs.agent(3, count, f"clerk {number}"))

    cases: list[tuple[str, Callable[[int], None], tuple[str, ...]]] = [
        ("cold", clean, ("render",)),
        ("full", lambda _: None, ("render", "--no-cache")),
        ("unchanged", lambda _: None, ("render",)),
        ("one", touch, ("render",)),
    ]
    for case, prepare, arguments in cases:
        cost = measured(runs, prepare, folder, *arguments)
        objects = sum(f.read_text().count("\nkind: ") for f in (folder / "rendered").rglob("*.yaml"))
        print(
            f"{count:7} {objects:8} {case:<10} {cost.user:7.2f} {cost.system:7.2f} {cost.wall:7.2f} {cost.memory:6.0f}",
            flush=True,
        )


def main() -> None:
    """Parse arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", default="10,100,1000")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    table([int(n) for n in options.agents.split(",")], options.runs)


if __name__ == "__main__":
    main()
