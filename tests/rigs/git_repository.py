"""A git repository with a branch that others pull from, and a work tree in which it is changed."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

BRANCH = "main"
_WHO = {"NAME": "Test", "EMAIL": "test@example.com"}
_IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}


@dataclass(frozen=True)
class GitRepository:
    """`origin` is bare and what others see; `tree` is where files are changed. Both are below `folder`."""

    folder: Path

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def head(self) -> str:
        """The commit that everybody has."""
        return self.git("rev-parse", f"origin/{BRANCH}").strip()

    def create(self) -> None:
        """Make both, empty."""
        self.tree.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(self.origin))
        self.git("init", "--quiet", f"--initial-branch={BRANCH}")
        self.git("remote", "add", "origin", str(self.origin))

    def commit(self, message: str) -> str:
        """Commit all that has changed in the tree and push it; the answer is the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        return self.push()

    def revert(self, commit: str) -> str:
        """Push a commit that undoes another one."""
        self.git("revert", "--no-edit", commit)
        return self.push()

    def push(self) -> str:
        self.git("push", "--quiet", "origin", BRANCH)
        return self.head

    def git(self, *arguments: str) -> str:
        """Run git in the tree, without any settings of the machine's user."""
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **_IDENTITY}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.tree,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout
