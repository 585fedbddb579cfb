"""Where tools live: one folder per build, kept for every checkout, and one folder of links per set of pins.

apm-tools/store/<tool>-<digest>/bin/...    what was built; complete or not there at all
apm-tools/<digest of the pins>/bin/...     links into the store: what the tests use
"""

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path


def root() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "apm-tools"


def entry(name: str, digest: str) -> Path:
    return root() / "store" / f"{name}-{digest}"


def install(target: Path, make: Callable[[Path], None]) -> None:
    """Fill `target` by calling `make` with an empty folder, which becomes `target` only when all went well."""
    with _lock(target):
        if target.exists():  # built by another process while we waited
            return
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            make(building)
            building.chmod(0o755)
            building.rename(target)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def link(view: Path, source: Path) -> None:
    """Make every `<folder>/<file>` of a store entry reachable as `<view>/<folder>/<file>`; Node finds its own."""
    for file in sorted(path for path in source.rglob("*") if not path.is_dir() and "node_modules" not in path.parts):
        place = view / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        _point(place, os.path.relpath(file, place.parent))


def _point(place: Path, target: str) -> None:
    """Create or change a link in one step; other processes may be using it or doing the same."""
    if place.is_symlink() and str(place.readlink()) == target:
        return
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    temporary.symlink_to(target)
    temporary.replace(place)


@contextlib.contextmanager
def _lock(target: Path) -> Generator[None]:
    """Hold the lock of one store entry; released by the kernel however the process ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"  waiting: another process is building {target.name}", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
