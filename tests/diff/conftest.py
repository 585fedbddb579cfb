"""A small repository under git, as `apm init` makes it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Result, call

IDENTITY = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
}  # fmt: skip


@dataclass(frozen=True)
class Repository:
    """A git repository with specs, and `apm` in it."""

    folder: Path

    def git(self, *arguments: str, fails: bool = False) -> str:
        """Run git and return what it says; it has to succeed, or with `fails` to fail."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=IDENTITY, capture_output=True, text=True, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def apm(self, *arguments: str) -> Result:
        """Run `apm`."""
        return call(self.folder, *arguments, env=IDENTITY)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def commit(self, message: str) -> None:
        """Render and commit everything."""
        assert self.apm("-q", "render", "--allow-delete", "100").code == 0
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, to be copied."""
    folder = tmp_path_factory.mktemp("git") / "small"
    assert call(folder.parent, "init", str(folder)).code == 0
    repository = Repository(folder)
    repository.git("init", "-q", "-b", "main")
    repository.commit("Start")
    return folder


@pytest.fixture
def copy(first: Path, tmp_path: Path) -> Callable[[str], Repository]:
    """Gives copies of that repository by name."""

    def make(name: str) -> Repository:
        return Repository(Path(shutil.copytree(first, tmp_path / name, symlinks=True)))

    return make


@pytest.fixture
def repository(copy: Callable[[str], Repository]) -> Repository:
    """A copy for one test."""
    return copy("repository")
