"""Keep a control plane running until it's told to stop: by SIGINT, by SIGTERM, or because its owner is gone."""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Generator
from pathlib import Path

from tests.rigs.control_plane import control_plane
from tests.rigs.processes import alive


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True, help="where to write the kubeconfig")
    parser.add_argument("--pid-file", type=Path, help="holds our process id, and is locked as long as we run")
    parser.add_argument("--owner", type=int, help="stop when the process with this id has ended")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), _remembered(options.pid_file), control_plane() as plane:
        shutil.copyfile(plane.kubeconfig, options.kubeconfig)
        print("ready", flush=True)
        while options.owner is None or alive(options.owner):
            signal.sigtimedwait([], 1)


@contextlib.contextmanager
def _remembered(pid_file: Path | None) -> Generator[None]:
    if pid_file is None:
        yield
        return
    with pid_file.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        print(os.getpid(), file=file, flush=True)
        try:
            yield
        finally:
            pid_file.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
