"""The calls of `kind` that pytest-kind makes, with a control plane of local processes as the cluster.

    kind get clusters
    kind create cluster --name=NAME --kubeconfig=FILE
    kind delete cluster --name=NAME
    kind load docker-image --name=NAME IMAGE        does nothing: simulated nodes run no image

Clusters are remembered in $KIND_STATE. With $KIND_OWNER, a process id, they end when that process does.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.rigs.cache import REPOSITORY
from tests.rigs.processes import running


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    state = Path(os.environ.get("KIND_STATE") or Path(tempfile.gettempdir()) / f"kind-{os.getuid()}")
    state.mkdir(parents=True, exist_ok=True)
    if options.verb == "get":
        print("\n".join(sorted(_clusters(state))))
    elif options.verb == "create":
        _create(state, options.name, options.kubeconfig)
    elif options.verb == "delete":
        _delete(state, options.name)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kind", description=__doc__)
    parser.add_argument("verb", choices=["get", "create", "delete", "load"])
    parser.add_argument("noun", choices=["clusters", "cluster", "docker-image"])
    parser.add_argument("image", nargs="?")
    parser.add_argument("--name", default="kind")
    parser.add_argument("--kubeconfig", type=Path, default=Path("kubeconfig"))
    parser.add_argument("--image", dest="node_image")
    parser.add_argument("--config")
    return parser.parse_args(arguments)


def _clusters(state: Path) -> dict[str, int]:
    """Name and process id of the clusters that are running."""
    found = {file.stem: running(file) for file in state.glob("*.pid")}
    return {name: pid for name, pid in found.items() if pid}


def _create(state: Path, name: str, kubeconfig: Path) -> None:
    if name in _clusters(state):
        sys.exit(f"kind: a cluster {name!r} exists already")
    log = state / f"{name}.log"
    files = [f"--kubeconfig={kubeconfig.resolve()}", f"--pid-file={state.resolve() / name}.pid"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.rigs.serve", *files, *_owner()],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    assert process.stdout
    if process.stdout.readline() != "ready\n":
        sys.exit(f"kind: no cluster {name!r}:\n{log.read_text()}")


def _owner() -> list[str]:
    owner = os.environ.get("KIND_OWNER")
    return [f"--owner={owner}"] if owner else []


def _delete(state: Path, name: str) -> None:
    if pid := _clusters(state).get(name):
        os.kill(pid, signal.SIGTERM)
    while name in _clusters(state):
        time.sleep(0.1)
