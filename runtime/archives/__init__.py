"""Archives of backups: whether one can be restored from, and which are old enough to go."""

from pathlib import Path

from runtime.archives.checking import Contents, check
from runtime.archives.pruning import mark, prune

__all__ = ["Contents", "check", "prune", "verify"]


def verify(archive: Path) -> Contents:
    """Read an archive to its end and mark it as whole; `Failure` where it is not."""
    found = check(archive)
    mark(archive, found.text())
    return found
