"""files -> rendered/: the only writer of it. Whole environments are swapped in; nothing is ever half-written."""

import ctypes
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from generator import conventions
from generator.problems import Failure

PROTECTED_KINDS = ("Namespace", "PersistentVolumeClaim", "CustomResourceDefinition")
DELETE_SHARE = 0.2
"""Share of an environment's objects that a render may delete without being told so."""
DELETE_FEW = 5
"""Objects that a render may always delete, unless their kind is protected."""

_FOLDERS = (*conventions.GROUPS, "docs")
_CONFLICT = b"<<<<<<< "
_OBJECT = re.compile(r"^kind: (\S+)\n(?:metadata:\n  name: (\S+)\n(?:  namespace: (\S+)\n)?)", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """How rendered/ of one environment differs from what it must hold; paths below rendered/."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    deleted_objects: tuple[str, ...]
    """Objects that would be gone, as Kind/name."""
    objects: int
    """Objects there are now."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)


@dataclass(frozen=True)
class Difference:
    """The first line that differs in one file."""

    path: str
    line: int
    expected: str
    found: str


def compare(contents: Mapping[str, bytes], out: Path, environment: str) -> Change:
    """Return how `out/<environment>` differs from the contents."""
    now = {path: (out / path).read_bytes() for path in _owned(out, environment)}
    deleted = tuple(sorted(now.keys() - contents.keys()))
    changed = tuple(p for p in contents if p in now and now[p] != contents[p])
    foreign = tuple(p for p in contents if p not in now and (out / p).exists())
    added = tuple(p for p in contents if p not in now and p not in foreign)
    before = {name for path in now for name in _objects(now[path])}
    after = {name for data in contents.values() for name in _objects(data)} if deleted or changed else before
    return Change(added, (*changed, *foreign), deleted, tuple(sorted(before - after)), len(before))


def first_difference(contents: Mapping[str, bytes], out: Path, path: str) -> Difference:
    """Return the first differing line of a file; an empty side is a missing line or file."""
    expected = contents.get(path, b"").decode().splitlines()
    file = out / path
    found = file.read_bytes().decode("utf-8", "replace").splitlines() if file.exists() else []
    for number in range(max(len(expected), len(found))):
        left = expected[number] if number < len(expected) else ""
        right = found[number] if number < len(found) else ""
        if left != right:
            return Difference(path, number + 1, left, right)
    return Difference(path, 1, "", "")


def guard(change: Change, environment: str, allow_delete: int) -> None:
    """Refuse a render that would delete much or what is hard to get back.

    Raises:
        Failure: more objects would go than `allow_delete` (or the default share) allows.
    """
    gone = change.deleted_objects
    precious = [name for name in gone if name.split("/")[0] in PROTECTED_KINDS]
    allowed = max(DELETE_FEW, int(change.objects * DELETE_SHARE))
    if len(gone) <= allow_delete or (not precious and len(gone) <= allowed):
        return
    shown = ", ".join((precious or list(gone))[:5]) + (", …" if len(precious or gone) > 5 else "")
    raise Failure(f"this would delete {len(gone)} of {change.objects} objects of {environment}: {shown}",
                  f"if that is meant, say so: `apm render --allow-delete {len(gone)}`")  # fmt: skip


def write(contents: Mapping[str, bytes], out: Path, environment: str, change: Change) -> None:
    """Make `out/<environment>` hold the contents: a whole tree is built beside it and swapped in.

    Files there that are not ours stay. A process that is killed leaves the old tree or the new one.

    Raises:
        Failure: `out` can't be written.
    """
    target, staged = out / environment, out / f".{environment}.new"
    if target.exists() and not target.is_dir():
        raise Failure(f"{target} can't be written: it is a file", "move it away; nothing was changed")
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(staged, ignore_errors=True)
        _stage(contents, out, staged, environment, set(change.changed) | set(change.added), set(change.deleted))
        _swap(staged, target)
        shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise Failure(f"{error.filename or out} can't be written: {error.strerror}", "nothing was changed") from None


def _stage(
    contents: Mapping[str, bytes], out: Path, staged: Path, environment: str, fresh: set[str], gone: set[str]
) -> None:
    staged.mkdir()
    kept = [path for path in _all(out, environment) if path not in fresh and path not in gone]
    inside = len(environment) + 1
    for folder in sorted({path.rpartition("/")[0][inside:] for path in (*kept, *fresh)}):
        (staged / folder).mkdir(parents=True, exist_ok=True)
    for path in kept:
        _place(staged / path[inside:], out / path)
    for path in fresh:
        (staged / path[inside:]).write_bytes(contents[path])


def _place(new: Path, old: Path) -> None:
    if old.is_symlink():
        new.symlink_to(old.readlink())
    else:
        os.link(old, new)


def _swap(staged: Path, target: Path) -> None:
    if not target.exists():
        staged.rename(target)
    elif not _exchange(staged, target):
        aside = target.with_name(f".{target.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)
        staged.rename(target)
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux: renameat2 with RENAME_EXCHANGE); False where that is not to be had."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    at_fdcwd, rename_exchange = -100, 2
    if renameat2(at_fdcwd, os.fsencode(one), at_fdcwd, os.fsencode(other), rename_exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), str(other))


def left_over(out: Path, known: Collection[str]) -> tuple[str, ...]:
    """Return folders of rendered/ that hold files of ours for environments that do not exist any more."""
    if not out.is_dir():
        return ()
    folders = sorted(f.name for f in out.iterdir() if f.is_dir() and f.name not in known and not f.name.startswith("."))
    return tuple(name for name in folders if any(path.split("/")[1] in _FOLDERS for path in _owned(out, name)))


def remove(out: Path, environment: str) -> None:
    """Delete what is ours of an environment; files that are not ours stay."""
    for path in list(_owned(out, environment)):
        (out / path).unlink()
    for here, _, _ in sorted(os.walk(out / environment), reverse=True):
        if not any(Path(here).iterdir()):
            Path(here).rmdir()


@contextmanager
def only_one(root: Path) -> Generator[None]:
    """Let one render at a time write: the second waits for the first."""
    folder = root / conventions.STATE_DIR
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "render.lock").open("w")
    except OSError as error:
        raise Failure(f"{error.filename} can't be written: {error.strerror}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _all(out: Path, environment: str) -> Iterator[str]:
    for here, folders, names in os.walk(out / environment):
        folders.sort()
        yield from (Path(here, name).relative_to(out).as_posix() for name in sorted(names))


def _owned(out: Path, environment: str) -> Iterator[str]:
    for path in _all(out, environment):
        with (out / path).open("rb") as file:
            first = file.readline(500)
            if first.startswith(_CONFLICT):  # a merge left both headers
                first = file.readline(500)
            if conventions.HEADER_MARK.encode() in first:
                yield path


def _objects(data: bytes) -> Iterator[str]:
    for kind, name, namespace in _OBJECT.findall(data.decode("utf-8", "replace")):
        yield f"{kind}/{name}" + (f" in {namespace}" if namespace else "")
