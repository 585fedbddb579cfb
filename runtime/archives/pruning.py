"""Which archives go: those that are older than they have to be kept, and never the newest ones that are whole.

An archive that was read to its end has a mark beside it, `NAME.verified`, no older than itself: a second attempt writes
over the archive of the first. Only marked ones count for those that are always kept, so that broken archives of weeks
do not push out the last good one.
"""

import datetime as dt
from pathlib import Path

SUFFIX, MARK = ".archive.gz", ".verified"


def mark(archive: Path, text: str) -> None:
    """Say beside an archive that it is whole, and what is in it."""
    archive.with_name(archive.name + MARK).write_text(text + "\n")


def prune(folder: Path, *, days: int, min_keep: int, now: dt.datetime) -> list[str]:
    """Delete archives that were made more than `days` ago, and return their names, oldest first.

    The newest `min_keep` whole ones stay, however old; so do all that are no older.
    """
    archives = sorted(folder.glob(f"*{SUFFIX}"), key=_made)
    kept = set([path for path in archives if _whole(path)][-min_keep:])
    until = (now - dt.timedelta(days=days)).timestamp()
    gone = [path for path in archives if path not in kept and _made(path) < until] if kept else []
    for path in gone:
        path.unlink()
        _marked(path).unlink(missing_ok=True)
    return [path.name for path in gone]


def _whole(archive: Path) -> bool:
    beside = _marked(archive)
    return beside.exists() and _made(beside) >= _made(archive)


def _made(archive: Path) -> float:
    return archive.stat().st_mtime


def _marked(archive: Path) -> Path:
    return archive.with_name(archive.name + MARK)
