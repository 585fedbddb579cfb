"""Where the two trees come from: what a commit holds, and what the working tree comes to.

The old side is the `rendered/` that the commit holds, because that is what Argo CD runs: an upgrade of apm shows too.
A commit without `rendered/`, or the option to do so, has its specs rendered by this apm.
docs/decisions/0005-old-side-of-a-diff.md says why.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from generator import cache, conventions, ownership
from generator.diff import git
from generator.problems import Failure, Rejected

if TYPE_CHECKING:
    from generator.pipeline import Built


@dataclass(frozen=True)
class Side:
    """One tree: which files it has, and how to read them."""

    label: str
    """What it is, for people."""
    ids: Mapping[str, str]
    """Git object ids by path below rendered/: equal ids are equal files."""
    read: Callable[[Iterable[str]], Mapping[str, bytes]]
    """Gives contents of files by path."""

    @property
    def environments(self) -> frozenset[str]:
        """Environments that have files."""
        return frozenset(path.split("/")[0] for path in self.ids)


def of_commit(root: Path, ref: str, *, render: bool = False) -> Side:
    """Return what a commit holds in rendered/, or with `render` what its specs come to.

    Raises:
        Failure: there is no such commit, it has no specs, or they are not valid.
    """
    commit = git.commit(root, ref)
    label = git.describe(root, commit)
    ids = {} if render else _relevant(git.blobs(root, commit, conventions.RENDERED))
    if ids:
        return Side(f"rendered/ of {label}", ids, partial(_blobs, root, ids))
    return of_files(f"specs of {label}, rendered by this apm", _rendered(root, commit, ref))


def _blobs(root: Path, ids: Mapping[str, str], paths: Iterable[str]) -> dict[str, bytes]:
    wanted = list(paths)
    found = git.contents(root, (ids[path] for path in wanted))
    return {path: found[ids[path]] for path in wanted}


def _rendered(root: Path, commit: str, ref: str) -> dict[str, bytes]:
    from generator.pipeline import build_all

    with tempfile.TemporaryDirectory(prefix="apm-diff-") as name:
        folder = Path(name)
        git.export(root, commit, (conventions.SPECS, conventions.POLICIES), folder)
        if not any((folder / conventions.SPECS).rglob("*.y*ml")):
            raise Failure(f"{ref} has no specs below {conventions.SPECS}/", "name a commit that has")
        try:
            return _flat(build_all(folder).files())
        except Rejected as rejected:
            first = next(p for p in rejected.problems if p.severity == "error")
            raise Failure(f"the specs of {ref} are not valid for this apm: {first.place}: {first.message}",
                          "compare with its rendered/ instead, or with another commit") from None  # fmt: skip


def of_working_tree(root: Path, names: Sequence[str] = (), built: "Built | None" = None) -> Side:
    """Return what the specs of the working tree come to: rendered/ where it is up to date, else rendered now.

    Raises:
        Rejected: something is wrong with the specs.
        Failure: a named environment does not exist.
    """
    out = root / conventions.RENDERED
    if built is None and cache.fresh(root, cache.key(root, out, ())):  # then nothing there is of others
        return _disk(out)
    if built is None:
        from generator.pipeline import build_all

        built = build_all(root, names)
    foreign = ownership.foreign(out, built.known, names)
    return of_files("working tree", _flat(built.files()) | {path: _content(out / path) for path in foreign})


def _content(file: Path) -> bytes:
    """Return what a file holds; of a link what git keeps of it, which is the path that it names."""
    try:
        return os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
    except OSError as error:
        raise ownership.unreadable(error, file) from None


def _disk(out: Path) -> Side:
    paths = _relevant({p.relative_to(out).as_posix(): "" for p in _files(out)})
    data = {path: (out / path).read_bytes() for path in paths}
    return of_files("working tree", data)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _flat(files: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    return {path: data for contents in files.values() for path, data in contents.items()}


def of_files(label: str, data: Mapping[str, bytes]) -> Side:
    """Return files that are in memory, by path below rendered/."""

    def read(paths: Iterable[str]) -> dict[str, bytes]:
        return {path: data[path] for path in paths}

    return Side(label, {path: _id(content) for path, content in data.items()}, read)


def _id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _relevant(ids: Mapping[str, str]) -> dict[str, str]:
    """Return what lies where apm renders to, `<environment>/<group>/...`, and what else Argo CD could apply."""
    return {path: name for path, name in ids.items() if ownership.is_rendered(path) or ownership.is_applied(path)}
