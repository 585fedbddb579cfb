"""What a commit holds, by calling git. Nothing here changes the repository."""

import io
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from generator.problems import Failure


def commit(root: Path, ref: str) -> str:
    """Return the commit that a ref names; `REF...` is where the working tree's history left REF (as in `git diff`).

    Raises:
        Failure: git is missing, this is no repository, or there is no such commit.
    """
    _git(root, "rev-parse", "--git-dir")
    name = ref.removesuffix("...")
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", may_fail=True)
    if not found:
        if _git(root, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
            raise Failure(f'there is no commit "{name}" here', _missing(root, name))
        raise Failure("there is no commit yet: nothing to compare with", "commit the specs first")
    if not ref.endswith("..."):
        return found.decode().strip()
    base = _git(root, "merge-base", "--end-of-options", found.decode().strip(), "HEAD", may_fail=True)
    if not base:
        raise Failure(f"{name} and HEAD have no commit in common", _missing(root, name))
    return base.decode().splitlines()[0]


def _missing(root: Path, name: str) -> str:
    if _git(root, "rev-parse", "--is-shallow-repository", may_fail=True).strip() == b"true":
        return "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` where CI checks out"
    remote, _, branch = name.partition("/")
    return f"`git fetch {remote} {branch}` brings it" if branch else "`git branch -a` and `git tag` list what there is"


def blobs(root: Path, commit_: str, folder: str) -> dict[str, str]:
    """Return the object ids of all files and links below a folder of a commit, by path below the folder."""
    listed = _git(root, "ls-tree", "-r", "-z", commit_, f"{folder}/")
    found: dict[str, str] = {}
    for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
        head, _, path = entry.partition("\t")
        if head.startswith(("100", "120")):
            found[path[len(folder) + 1 :]] = head.split()[2]
    return found


def contents(root: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of blobs, by object id."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    data = _git(root, "cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n")
    found: dict[str, bytes] = {}
    at = 0
    for name in wanted:
        end = data.index(b"\n", at)
        size = int(data[at:end].split()[-1])
        found[name] = data[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


def export(root: Path, commit_: str, folders: Iterable[str], into: Path) -> None:
    """Write folders of a commit below another folder; those that the commit does not have are left out."""
    there = [f for f in folders if _git(root, "ls-tree", "-d", commit_, f)]
    if there:
        data = _git(root, "archive", "--format=tar", commit_, *there)
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(into, filter="data")


def describe(root: Path, commit_: str) -> str:
    """Return a commit for people: short id and subject."""
    return _git(root, "log", "-1", "--format=%h %s", commit_).decode("utf-8", "replace").strip()


def _git(root: Path, *arguments: str, stdin: bytes | None = None, may_fail: bool = False) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, input=stdin, capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise Failure("git is not installed; a diff needs it") from None
    if done.returncode == 0:
        return done.stdout
    if may_fail:
        return b""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if any("not a git repository" in line for line in said):
        raise Failure(f"{root} is not in a git repository: nothing to compare with", "`git init` and commit the specs")
    raise Failure(f"git {arguments[0]} failed: {said[0] if said else done.returncode}")
