"""files -> rendered/: the only writer of it. Whole environments are swapped in; nothing is ever half-written."""

import ctypes
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from generator import conventions, ownership
from generator.problems import Failure, plural

PROTECTED_KINDS = ("Namespace", "PersistentVolumeClaim", "CustomResourceDefinition")
DELETE_SHARE = 0.2
"""Share of an environment's objects that a render may delete without being told so."""
DELETE_FEW = 5
"""Objects that a render may always delete, unless their kind is protected."""

_OBJECT_START = b"\nkind: "
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
    whole: str = ""
    """What is wrong with the file as a whole, in words: then there is no such line."""


def compare(contents: Mapping[str, bytes], out: Path, environment: str) -> Change:
    """Return how `out/<environment>` differs from the contents.

    Raises:
        Failure: something there can't be read.
    """
    now = {path: _read(out / path) for path in ownership.owned(out, environment)}
    deleted = tuple(sorted(now.keys() - contents.keys()))
    changed = tuple(p for p in contents if p in now and now[p] != contents[p])
    foreign = tuple(p for p in contents if p not in now and (out / p).exists())
    added = tuple(p for p in contents if p not in now and p not in foreign)
    before = {name for path in (*deleted, *changed) for name in _objects(now[path])}
    after = {name for path in (*added, *changed, *foreign) for name in _objects(contents[path])}
    objects = sum(data.count(_OBJECT_START) for data in now.values())
    return Change(added, (*changed, *foreign), deleted, tuple(sorted(before - after)), objects)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ownership.unreadable(error, file) from None


def first_difference(contents: Mapping[str, bytes], out: Path, path: str) -> Difference:
    """Return the first differing line of a file; an empty side is a missing line."""
    file = out / path
    if whole := _whole(path in contents, file):
        return Difference(path, 1, "", "", whole)
    expected = contents[path].decode().splitlines()
    found = _read(file).decode("utf-8", "replace").splitlines()
    for number in range(max(len(expected), len(found))):
        left = expected[number] if number < len(expected) else ""
        right = found[number] if number < len(found) else ""
        if left != right:
            return Difference(path, number + 1, left, right)
    return Difference(path, 1, "", "")


def _whole(rendered: bool, file: Path) -> str:
    if not rendered:
        return "nothing renders this any more"
    if file.is_symlink():
        return "this is a link, and no file"
    return "" if file.is_file() else "this is missing"


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
    raise Failure(f"this would delete {len(gone)} of {plural(change.objects, 'object')} of {environment}: {shown}",
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
    _clear(staged, "nothing was changed")
    try:
        out.mkdir(parents=True, exist_ok=True)
        _stage(contents, out, staged, environment, set(change.changed) | set(change.added), set(change.deleted))
        _swap(staged, target)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise Failure(f"{error.filename or out} can't be written: {error.strerror}", "nothing was changed") from None
    _clear(staged, f"{target} was written")


def _clear(folder: Path, so_far: str) -> None:
    """Remove a half-built tree or one that was swapped out; what stays would be in the way of the next render."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        message = f"{error.filename or folder} can't be removed: {error.strerror}"
        raise Failure(message, f"{so_far}; remove {folder} by hand") from None


def _stage(
    contents: Mapping[str, bytes], out: Path, staged: Path, environment: str, fresh: set[str], gone: set[str]
) -> None:
    staged.mkdir()
    folders = {path.rpartition("/")[0] for path in fresh}
    needed = folders | {parent.as_posix() for folder in folders for parent in Path(folder).parents}
    kept = [path for path in ownership.files(out, environment) if path not in fresh | gone | needed]
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


def remove(out: Path, environment: str) -> None:
    """Delete what is ours of an environment; files that are not ours stay."""
    for path in list(ownership.owned(out, environment)):
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


def _objects(data: bytes) -> Iterator[str]:
    for kind, name, namespace in _OBJECT.findall(data.decode("utf-8", "replace")):
        yield f"{kind}/{name}" + (f" in {namespace}" if namespace else "")
