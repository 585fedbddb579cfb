"""Toolchains that come as wheels: pinned by hash, installed into the store without root or a virtual environment."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class UnavailableError(Exception):
    """A tool can't be had here and now; the text says why."""


def install(wheel: str, hashes: Sequence[str], folder: Path) -> None:
    """Unpack a wheel with pip or uv, whichever is there."""
    requirement = folder / "requirement.txt"
    requirement.write_text(" ".join([wheel, *(f"--hash={value}" for value in hashes)]) + "\n")
    options = ["--no-deps", "--require-hashes", "--target", str(folder), "-r", str(requirement)]
    done = subprocess.run([*_installer(), *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{wheel} can't be installed: {done.stderr.strip()[-500:]}")


def _installer() -> list[str]:
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if pip.returncode == 0:
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    raise UnavailableError("neither pip nor uv is there to install it with")
