"""Renders in a child process that is killed with SIGKILL: `python -m tests.merge.killed FOLDER TIMES`.

The folder is a repository whose rendered/ was written from other specs than it has now. Everything is built once;
each child only does what `apm render` does from then on: compare, guard, write. It is killed after a random part of
the time that this takes. After each kill the tree has to be the old one or the new one, and the old one is put back.
Prints a JSON object: how often which tree was found, how often the killed process left a half-built tree beside it,
and what was wrong.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from generator import write
from generator.pipeline import build_all

Tree = Mapping[str, bytes]


def tree(out: Path, environment: str) -> dict[str, bytes]:
    """Return what `rendered/<environment>` holds."""
    folder = out / environment
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def render(root: Path, contents: Mapping[str, Tree], out: Path) -> None:
    """Write as `apm render` does."""
    with write.only_one(root):
        for environment, files in contents.items():
            change = write.compare(files, out, environment)
            write.guard(change, environment, 1000)
            if change:
                write.write(files, out, environment, change)


def killed_after(seconds: float, root: Path, contents: Mapping[str, Tree], out: Path) -> None:
    """Render in a child process and kill it."""
    child = os.fork()
    if child == 0:
        render(root, contents, out)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(root: Path, times: int) -> None:
    """Kill so many renders and print what was found."""
    contents = build_all(root).files()
    (environment,) = contents
    out, safe = root / "rendered", root / "before"
    shutil.copytree(out, safe)
    old, new = tree(out, environment), dict(contents[environment])
    start = time.perf_counter()
    render(root, contents, out)
    whole = time.perf_counter() - start
    counts = {"old": 0, "new": 0, "interrupted": 0}
    wrong: list[str] = []
    chance = random.Random(7)
    for _ in range(times):
        shutil.rmtree(out)
        shutil.copytree(safe, out)
        killed_after(chance.uniform(0, whole * 1.5), root, contents, out)
        found = tree(out, environment)
        side = "old" if found == old else "new" if found == new else None
        if side is None:
            wrong.append(f"{len(found)} files, neither {len(old)} old nor {len(new)} new")
        else:
            counts[side] += 1
        counts["interrupted"] += (out / f".{environment}.new").exists()
    print(json.dumps({**counts, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
