"""`python -m benchmarks.fleet [--agents 1000,10000]`: what `apm` needs for many agents, and what Argo CD gets.

One fresh process for each case. The second table is what one sync of Argo CD has to carry, for each Application.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks import specs
from benchmarks.__main__ import run
from benchmarks.diff import change, commit

CASES = (("validate", ("validate",)), ("cold", ("render",)), ("full", ("render", "--no-cache")),
         ("unchanged", ("render", "--check")), ("diff", ("diff",)))  # fmt: skip


def costs(folder: Path, count: int) -> None:
    """Print what each command costs; `diff` after one agent was changed and rendered."""
    specs.write(folder, count)
    for case, arguments in CASES:
        if case == "diff":
            commit(folder)
            change(folder, count, range(3, 4), "another role")
            run(folder, "render")
        cost = run(folder, *arguments)
        print(
            f"{count:>7} {case:<10} {cost.user:8.2f} {cost.system:7.2f} {cost.wall:8.2f} {cost.memory:7.0f}", flush=True
        )


def layout(folder: Path, count: int) -> None:
    """Print files, objects and bytes of each Application."""
    for group in sorted(path for path in folder.glob("rendered/*/*") if path.is_dir() and path.name != "docs"):
        texts = [file.read_text() for file in group.glob("*.yaml")]
        objects = sum(text.count("\nkind: ") for text in texts)
        size, largest = sum(map(len, texts)) / 1e6, max(map(len, texts)) / 1e3
        print(f"{count:>7} {group.name:<12} {len(texts):>6} {objects:>8} {size:>8.2f} {largest:>10.0f}", flush=True)


def main() -> None:
    """Read the arguments and print both tables for each number of agents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", default="1000,10000")
    for count in (int(n) for n in parser.parse_args().agents.split(",")):
        with tempfile.TemporaryDirectory() as name:
            print(f"{'agents':>7} {'case':<10} {'user s':>8} {'sys s':>7} {'wall s':>8} {'MB':>7}")
            costs(Path(name), count)
            print(f"{'agents':>7} {'Application':<12} {'files':>6} {'objects':>8} {'MB':>8} {'largest kB':>10}")
            layout(Path(name), count)


if __name__ == "__main__":
    main()
