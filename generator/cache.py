"""Answers "did anything change?" without importing the pipeline: digests of all inputs, stats of all outputs."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator import conventions

_FILE = "render.json"


def key(root: Path, target: Path, names: Iterable[str]) -> str:
    """Return a digest of everything that decides what is rendered: specs, policies, generator, options."""
    digest = hashlib.blake2b(f"{target} {sorted(names)} {sys.version}".encode(), digest_size=20)
    for folder in (conventions.SPECS, conventions.POLICIES):
        for path in _files(root / folder):
            digest.update(path[len(str(root)) :].encode())
            try:
                digest.update(Path(path).read_bytes())
            except OSError:
                return ""
    digest.update(_program().encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _program() -> str:
    """Return a digest of the generator itself, and of the day: waivers expire."""
    import time

    digest = hashlib.blake2b(time.strftime("%Y-%m-%d", time.gmtime()).encode(), digest_size=20)
    for package in (Path(__file__).parent, Path(__file__).parent.parent / "runtime"):
        for path in _files(package):
            if not path.endswith(".pyc"):
                stat = os.stat(path)  # noqa: PTH116  (a thousand times)
                digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        yield from (os.path.join(here, name) for name in sorted(names))  # noqa: PTH118  (a thousand times)


def fresh(root: Path, now: str) -> bool:
    """Return whether the last render had this key and its files are as it left them."""
    try:
        last: Any = json.loads((root / conventions.STATE_DIR / _FILE).read_bytes())
        if not now or last["key"] != now:
            return False
        folder: str = last["target"]
        files: dict[str, list[int]] = last["files"]
        there = bool(last["paths"] == _paths(Path(folder)))
        return there and all(_stat(f"{folder}/{name}") == stat for name, stat in files.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _paths(folder: Path) -> str:
    """Return a digest of the names of all files in a folder, also those of others."""
    return hashlib.blake2b("\n".join(_files(folder)).encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()


def _stat(path: str) -> list[int]:
    stat = os.stat(path)  # noqa: PTH116
    return [stat.st_size, stat.st_mtime_ns]


def remember(root: Path, now: str, target: Path, contents: Mapping[str, Mapping[str, bytes]]) -> None:
    """Keep what was rendered from what. Where the folder can't be written the next render just takes longer."""
    names = [name for files in contents.values() for name in files]
    value = {"key": now, "target": str(target), "paths": _paths(target),
             "files": {name: _stat(os.path.join(target, name)) for name in names}}  # fmt: skip  # noqa: PTH118
    try:
        (root / conventions.STATE_DIR / _FILE).write_text(json.dumps(value))
    except OSError:
        (root / conventions.STATE_DIR / _FILE).unlink(missing_ok=True)
