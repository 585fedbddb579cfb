"""`python -m benchmarks.diff [--agents 1000] [--runs 3]`: what `apm diff` costs, medians over fresh processes.

rendered: one agent changed, and `apm render` was run.  not rendered: the same, without.  all: every agent, rendered.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import specs
from benchmarks.__main__ import measured, run


def commit(folder: Path) -> None:
    """Make a repository and commit everything."""
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    (folder / ".gitignore").write_text(".apm/\n")
    for arguments in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "Start")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def change(folder: Path, count: int, numbers: range, role: str) -> None:
    """Write some agents anew."""
    for number in numbers:
        (folder / "specs/agents" / f"agent-{number:05}.yaml").write_text(specs.agent(number, count, role))


def table(count: int, runs: int) -> None:
    """Print a row for each case."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        specs.write(folder, count)
        run(folder, "render")
        commit(folder)
        cases: list[tuple[str, range, bool]] = [
            ("rendered", range(3, 4), True), ("not rendered", range(3, 4), False), ("all", range(count), True),
        ]  # fmt: skip
        print(f"{'agents':>7} {'case':<13} {'user s':>7} {'sys s':>7} {'wall s':>7} {'MB':>6}")
        for case, numbers, rendered in cases:
            cost = measured(runs, _prepare(folder, count, numbers, rendered=rendered), folder, "diff")
            print(f"{count:>7} {case:<13} {cost.user:7.2f} {cost.system:7.2f} {cost.wall:7.2f} {cost.memory:6.0f}")


def _prepare(folder: Path, count: int, numbers: range, *, rendered: bool) -> Callable[[int], None]:
    def prepare(turn: int) -> None:
        change(folder, count, range(count), "clerk")
        run(folder, "render")
        change(folder, count, numbers, f"clerk {turn}")
        if rendered:
            run(folder, "render")

    return prepare


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    table(arguments.agents, arguments.runs)


if __name__ == "__main__":
    main()
