"""Whose a file below rendered/ is, and whether Argo CD would apply it. Links are never followed: they are of others."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from generator import conventions
from generator.problems import Failure

_APPLIED = (".yaml", ".yml", ".json", ".jsonnet")
"""What Argo CD reads in a folder of manifests; `kustomization.yaml` and `Chart.yaml` would even change how."""
_CONFLICT = b"<<<<<<< "


def files(out: Path, environment: str) -> Iterator[str]:
    """Yield all files and links of an environment, sorted, as paths below rendered/.

    Raises:
        Failure: a folder can't be read.
    """
    for here, folders, names in os.walk(out / environment, onerror=_unreadable):
        folders.sort()
        links = [name for name in folders if Path(here, name).is_symlink()]
        below = Path(here).relative_to(out).as_posix()
        yield from (f"{below}/{name}" for name in sorted((*names, *links)))


def owned(out: Path, environment: str) -> Iterator[str]:
    """Yield the files of an environment that apm wrote.

    Raises:
        Failure: a file or folder can't be read.
    """
    return (path for path in files(out, environment) if _is_ours(out / path))


def _is_ours(file: Path) -> bool:
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return False
        with file.open("rb") as opened:
            first = opened.readline(500)
            if first.startswith(_CONFLICT):  # a merge left both headers
                first = opened.readline(500)
    except OSError as error:
        raise unreadable(error, file) from None
    return conventions.HEADER_MARK.encode() in first


def is_applied(path: str) -> bool:
    """Return whether Argo CD would read a path below rendered/ as a manifest, or as how to read manifests."""
    parts = path.split("/")
    if len(parts) < 2 or parts[0].startswith(".") or parts[1] == "docs":
        return False
    return parts[-1].endswith(_APPLIED) or parts[-1] == "Kustomization"


def is_rendered(path: str) -> bool:
    """Return whether a path below rendered/ lies where apm writes to: in a group of an environment, or its docs."""
    parts = path.split("/")
    return len(parts) > 2 and (parts[1] == "docs" or conventions.is_group(parts[1]))


def foreign(out: Path, known: Collection[str], chosen: Collection[str] = ()) -> tuple[str, ...]:
    """Return what apm did not write and Argo CD would apply, of the chosen environments or of all.

    In a folder that is no environment, each such file counts; in an environment, those of the groups.

    Raises:
        Failure: a file or folder can't be read.
    """
    found: list[str] = []
    for environment in _environments(out):
        if chosen and environment not in chosen:
            continue
        paths = [path for path in files(out, environment) if is_applied(path) and _is_synced(path, known)]
        found += (path for path in paths if not _is_ours(out / path))
    return tuple(sorted(found))


def _is_synced(path: str, known: Collection[str]) -> bool:
    environment, rest = path.split("/", 1)
    return environment not in known or conventions.is_group(rest.split("/")[0])


def _environments(out: Path) -> list[str]:
    try:
        return sorted(f.name for f in out.iterdir() if f.is_dir() and not f.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable(error, out) from None


def left_over(out: Path, known: Collection[str]) -> tuple[str, ...]:
    """Return folders of rendered/ that hold files of ours for environments that do not exist any more."""
    names = [name for name in _environments(out) if name not in known]
    return tuple(name for name in names if any(is_rendered(path) for path in owned(out, name)))


def _unreadable(error: OSError) -> None:
    if not isinstance(
        error, FileNotFoundError | NotADirectoryError
    ):  # what is missing, or no folder, is said elsewhere
        raise unreadable(error, Path(error.filename))


def unreadable(error: OSError, file: Path) -> Failure:
    """Return an error of reading as a sentence."""
    return Failure(f"{error.filename or file} can't be read: {error.strerror}", "nothing was changed")
