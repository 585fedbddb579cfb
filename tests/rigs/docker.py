"""A Docker daemon to build and run images with: the machine's own, or Debian's package unpacked into the cache.

Nothing is installed and nothing stays: a daemon that we start has its own mounts, process ids, data folder, cgroup and
bridge. Its containers reach this machine over the bridge and nothing else; a build uses the machine's own network.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.rigs import debian
from tests.rigs.debian import UnavailableError

PACKAGES = ("docker.io", "debootstrap")
NETWORK = "10.251.{}.1"
"""Address of our bridge, and so of this machine as containers see it; the third number is the first that is free."""
START_SECONDS = 60
STOP_SECONDS = 30
ISOLATED = "setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc"
"""When we end, by whatever, so does the daemon with all its containers and mounts."""
OVERLAID = ("/etc", "/opt", "/run")
"""Where the daemon leaves files: written to our folder instead, seen by the daemon only."""


@dataclass(frozen=True)
class Docker:
    """A daemon that answers."""

    program: Path
    gateway: str
    """Address of this machine for containers."""
    ours: bool
    """Started by us: there is no registry, and its images end with it."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def __call__(self, *arguments: str | Path, stdin: str = "", seconds: float = 600) -> str:
        """Return what a command prints; `AssertionError` with all it said if it fails."""
        found = self.attempt(*arguments, stdin=stdin, seconds=seconds)
        assert found.returncode == 0, f"docker {arguments[0]} failed:\n{(found.stdout + found.stderr)[-4000:]}"
        return found.stdout.strip()

    def attempt(
        self, *arguments: str | Path, stdin: str = "", seconds: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        command = [str(self.program), *map(str, arguments)]
        environment = {**os.environ, "DOCKER_BUILDKIT": "1", **self.environment}
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=environment, timeout=seconds, check=False
        )


def obstacle() -> str:
    """Return why Docker can't be had here; empty if it probably can."""
    if os.geteuid():
        return "root is needed: for a daemon of our own, and for files that belong to the image's user"
    if _running():
        return ""
    missing = [name for name in ("apt-get", "dpkg", "ip", "setpriv", "unshare", "mount") if shutil.which(name) is None]
    return f"there's no Docker daemon, and to start one {', '.join(missing)} would be needed" if missing else ""


@contextlib.contextmanager
def docker() -> Generator[Docker]:
    """Yield the machine's daemon, or one of our own that ends with the context, and everything of it.

    Raises:
        UnavailableError: neither is to be had.
    """
    if reason := obstacle():
        raise UnavailableError(reason)
    if program := _running():
        yield Docker(program, _gateway(program), ours=False)
        return
    root = unpacked()
    with tempfile.TemporaryDirectory(prefix="apm-docker-") as folder, _bridge() as (name, address), _cgroup() as group:
        options = [f"--bridge={name}", f"--cgroup-parent=/{group}"]
        with _daemon(Path(folder), root, options) as process:
            found = Docker(root / "usr/bin/docker", address, ours=True, environment=_environment(Path(folder), root))
            _wait(found, process, Path(folder))
            yield found


def unpacked() -> Path:
    """Return the folder with Debian's Docker, containerd, runc and debootstrap, fetched if it isn't there."""
    return debian.unpacked("debian", PACKAGES)


def _running() -> Path | None:
    """The machine's own client, if a daemon answers it."""
    program = shutil.which("docker")
    usable = program and subprocess.run([program, "info"], capture_output=True, check=False).returncode == 0
    return Path(program) if program and usable else None


def _gateway(program: Path) -> str:
    found = subprocess.check_output([program, "network", "inspect", "bridge"], text=True)
    return json.loads(found)[0]["IPAM"]["Config"][0]["Gateway"]


def _environment(folder: Path, root: Path) -> dict[str, str]:
    libraries = sorted({str(file.parent) for file in root.glob("usr/lib/*/lib*.so*")})
    return {
        "DOCKER_HOST": f"unix://{folder}/docker.sock",
        "DOCKER_CONFIG": str(folder / "config"),
        "PATH": f"{root}/usr/bin:{root}/usr/sbin:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": ":".join(libraries),
    }


@contextlib.contextmanager
def _daemon(folder: Path, root: Path, options: list[str]) -> Generator[subprocess.Popen[bytes]]:
    """Run the daemon as the first process of its own namespace."""
    own = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/dockerd.pid"]
    own += [f"--host=unix://{folder}/docker.sock", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
    own += ["--ip-masq=false", "--userland-proxy=false", *options]
    script = folder / "dockerd.sh"
    script.write_text(
        "\n".join(["set -e", *(_overlay(folder, path) for path in OVERLAID), f"exec dockerd {' '.join(own)}"])
    )
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            [*ISOLATED.split(), "sh", str(script)],
            env={**os.environ, **_environment(folder, root)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Tell the daemon, which is the one child; `unshare` doesn't pass SIGTERM on. It ends when all of them have."""
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _overlay(folder: Path, path: str) -> str:
    upper, work = folder / f"upper{path}", folder / f"work{path}"
    for part in (upper, work):
        part.mkdir(parents=True)
    return f"mount -t overlay overlay -o lowerdir={path},upperdir={upper},workdir={work} {path}"


def _wait(found: Docker, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while found.attempt("info").returncode:
        if process.poll() is not None or time.monotonic() > end:
            log = (folder / "dockerd.log").read_text(errors="replace")
            raise UnavailableError(f"a Docker daemon doesn't run here:\n{log[-3000:]}")
        time.sleep(0.1)


@contextlib.contextmanager
def _bridge() -> Generator[tuple[str, str]]:
    """Make a bridge that only this machine and its containers are on; yields its name and our address."""
    name = f"apm{os.getpid()}"
    taken = subprocess.check_output(["ip", "-brief", "address"], text=True)
    address = next(found for found in map(NETWORK.format, range(256)) if f"{found}/" not in taken)
    debian.call("ip", "link", "add", name, "type", "bridge")
    try:
        debian.call("ip", "address", "add", f"{address}/24", "dev", name)
        debian.call("ip", "link", "set", name, "up")
        yield name, address
    finally:
        debian.call("ip", "link", "delete", name)


@contextlib.contextmanager
def _cgroup() -> Generator[str]:
    """Yield the name of a group for containers; it and the one that builds use are removed, in every hierarchy."""
    root, name = Path("/sys/fs/cgroup"), f"apm-{os.getpid()}"
    there = set(root.glob("**/docker"))
    try:
        yield name
    finally:
        tops = {*root.glob(f"**/{name}"), *root.glob("**/docker")} - there
        groups = {path for top in tops for path in (top, *top.rglob("*")) if path.is_dir()}
        for path in sorted(groups, key=lambda path: len(path.parts), reverse=True):
            path.rmdir()
