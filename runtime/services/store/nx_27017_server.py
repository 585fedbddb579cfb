"""The process of the embedded store: the wire server, which ends when nobody who uses its folder lives any more.

`python nx_27017_server.py USERS ...`: USERS is a folder with a file for each process that uses the store, named by its
number. Who is killed cannot take its file away, so the processes themselves are looked for. Nothing of apm is imported.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

LOOK = 1.0
"""Seconds between two looks; whoever starts a server has its file there before."""


def watch(users: Path) -> None:
    """End this process when no user lives any more, or the folder is gone."""
    while living(users):
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGTERM)


def living(users: Path) -> set[Path]:
    """Return the files of processes that are there; none where the folder is gone."""
    return {mark for mark in users.iterdir() if Path("/proc", mark.name).exists()} if users.is_dir() else set()


def main() -> None:
    """Serve until SIGTERM."""
    from nx_27017.nx_27017 import main as serve

    threading.Thread(target=watch, args=(Path(sys.argv.pop(1)),), daemon=True).start()
    sys.exit(serve())


if __name__ == "__main__":
    main()
