"""Files below specs/ and policies/ -> documents and texts. The only reader of specs."""

import os
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from generator import conventions
from generator.compose import documents as documents_in
from generator.model import Document, Loaded
from generator.problems import Place, Problem


class _Unread(str):
    __slots__ = ()


UNREAD = _Unread("")
"""Stands for the text of a file that is there and can't be read, which is a problem already."""


def load(root: Path, buffers: Mapping[str, str] | None = None) -> Loaded:
    """Read everything below specs/ and policies/ of a repository; what can't be read is a problem, not an exception.

    `buffers` are texts by path below the root that stand in for what is on disk: what an editor has not saved yet.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    files = _files(root, buffers or {}, problems)
    for name, text in files.items():
        if _is_spec(name) and text is not UNREAD:
            found, wrong = _documents(name, text)
            documents += found
            problems += wrong
    there = any(document.file.startswith(f"{conventions.SPECS}/") for document in documents)
    if not there and not problems:
        message = f"there are no specs below {conventions.SPECS}/"
        problems.append(Problem(Place(conventions.SPECS), "no-specs", message, _elsewhere(root)))
    return Loaded(tuple(documents), files, tuple(problems))


def _elsewhere(root: Path) -> str:
    """Return where specs are rather meant to be read, or made."""
    above = next((one for one in root.resolve().parents if (one / conventions.SPECS).is_dir()), None)
    if above:
        return f"they are further up: `apm -C {os.path.relpath(above, root)} COMMAND`"
    return "`apm init DIR` makes a repository to start from"


def _files(root: Path, buffers: Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    files: dict[str, str] = {}
    for folder in (conventions.SPECS, conventions.POLICIES):
        for path in _walk(root, root / folder, problems):
            name = path.relative_to(root).as_posix()
            files[name] = UNREAD if name in buffers else _read(root, path, name, problems)
    for name, text in buffers.items():
        size = len(text.encode())
        if size > conventions.FILE_SIZE_LIMIT:
            problems.append(_too_large(name, size))
        files[name] = UNREAD if size > conventions.FILE_SIZE_LIMIT else text
    return files


@lru_cache(maxsize=4096)
def _documents(name: str, text: str) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Return the documents of a text and what is wrong with it; a file that has not changed is composed once."""
    problems: list[Problem] = []
    return tuple(documents_in(name, text, problems)), tuple(problems)


def _is_spec(name: str) -> bool:
    lower = name.lower()  # a spec that nobody reads for its capitals would be missed in silence
    return lower.endswith((".yaml", ".yml")) and not lower.endswith(conventions.DATA_SUFFIXES)


def _walk(root: Path, top: Path, problems: list[Problem]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        path = Path(error.filename)
        if path != top or top.exists():
            name = path.relative_to(root).as_posix()
            problems.append(Problem(Place(name), "unreadable", f"{name} can't be read: {error.strerror}"))

    if top.is_symlink():
        _refuse_folder(root, top, problems)
        return
    for here, folders, names in os.walk(top, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if Path(here, name).is_symlink():  # os.walk would pass it over without a word
                _refuse_folder(root, Path(here, name), problems)
        yield from (Path(here, name) for name in sorted(names) if not name.startswith("."))


def _refuse_folder(root: Path, path: Path, problems: list[Problem]) -> None:
    name = path.relative_to(root).as_posix()
    message = f"{name} is a link; links to folders are not followed"
    problems.append(Problem(Place(name), "symlink-folder", message, "put the folder here instead"))


def _read(root: Path, path: Path, name: str, problems: list[Problem]) -> str:
    problem = _refused_file(root, path, name)
    if problem is None:
        try:
            return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            problem = _not_utf8(name, error)
        except OSError as error:
            problem = Problem(Place(name), "unreadable", f"{name} can't be read: {error.strerror}")
    problems.append(problem)
    return UNREAD


def _refused_file(root: Path, path: Path, name: str) -> Problem | None:
    """Return why a file is not even opened."""
    if path.is_symlink() and not _inside(root, path):
        message = f"{name} is a link that leaves {conventions.SPECS}/ and {conventions.POLICIES}/"
        return Problem(Place(name), "symlink-outside", message, "put the file here instead")
    try:
        status = path.stat()
    except OSError as error:
        return Problem(Place(name), "unreadable", f"{name} can't be read: {error.strerror}")
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
        return Problem(Place(name), "unreadable", f"{name} can't be read: it is no regular file")
    if status.st_size > conventions.FILE_SIZE_LIMIT:
        return _too_large(name, status.st_size)
    return None


def _too_large(name: str, size: int) -> Problem:
    message = f"{name} has {size} bytes; a file here may have {conventions.FILE_SIZE_LIMIT}"
    return Problem(Place(name), "file-too-large", message, "split it into several files")


def _inside(root: Path, path: Path) -> bool:
    target = Path(os.path.realpath(path))  # unlike `resolve`, does not raise where links go round in a circle
    return any(target.is_relative_to((root / top).resolve()) for top in (conventions.SPECS, conventions.POLICIES))


def _not_utf8(name: str, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start]
    line, column = before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
    hint = "save it as UTF-8; binary files have no place here"
    return Problem(Place(name, line, column), "not-utf8", f"{name} is not UTF-8 text", hint)
