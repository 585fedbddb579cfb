"""Debian packages unpacked into the cache: nothing is installed, and nothing of the machine is changed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.rigs import cache


class UnavailableError(Exception):
    """A part of a rig can't be had here; the text says why."""


def unpacked(name: str, packages: Sequence[str]) -> Path:
    """Return the folder with these packages and what they need, fetched if it isn't there.

    apt checks the signatures; what this machine has installed already isn't fetched again.

    Raises:
        UnavailableError: a package can't be fetched.
    """
    target = cache.programs().parent.parent / "image" / name
    if target.exists():
        return target
    building = target.with_name(f".{name}.{os.getpid()}")
    try:
        _fetch(building, packages)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def call(*command: str | Path) -> None:
    """Run a command that says nothing.

    Raises:
        UnavailableError: it fails.
    """
    found = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if found.returncode:
        raise UnavailableError(f"{command[0]} failed: {found.stderr.strip()[-1000:]}")


def _fetch(building: Path, packages: Sequence[str]) -> None:
    lists, archives = building / "apt/lists/partial", building / "apt/archives/partial"
    for folder in (lists, archives):
        folder.mkdir(parents=True)
    apt = ["apt-get", "-qq", f"-oDir::State::lists={lists.parent}", f"-oDir::Cache={building}/apt"]
    apt += ["-oAPT::Sandbox::User=root"]  # else apt would want the folder to belong to its own user
    call(*apt, "update")
    call(*apt, "install", "--yes", "--no-install-recommends", "--download-only", *packages)
    for file in sorted(archives.parent.glob("*.deb")):
        call("dpkg", "-x", file, building)
    shutil.rmtree(building / "apt")
