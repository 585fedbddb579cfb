"""A small repository made by `apm init`, and `apm` as a function."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Apm = Callable[..., Result]


def call(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Result:
    """Run `apm` in a folder in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that `apm init` makes, rendered."""
    folder = tmp_path_factory.mktemp("init") / "small"
    assert call(folder.parent, "init", str(folder)).code == 0
    assert call(folder, "render").code == 0
    return folder


@pytest.fixture
def repository(initialised: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    folder = tmp_path / "repository"
    shutil.copytree(initialised, folder)
    return folder


@pytest.fixture
def apm(repository: Path) -> Apm:
    """`apm` in that copy."""
    return lambda *arguments, **more: call(repository, *arguments, **more)
