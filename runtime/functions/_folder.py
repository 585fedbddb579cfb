"""Paths inside the folder that functions may touch."""

from pathlib import Path

from runtime.contract import Context
from runtime.problems import failed

LIMIT = 1_000_000
"""Bytes of a file; what an agent reads ends up in a prompt."""


def inside(context: Context, name: str) -> Path:
    """Return the path of a file in the folder.

    Raises:
        StepError: `permission-denied` when the name, or a link on the way, leads out of it.
    """
    folder = context.services.folder().resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise failed("permission-denied", "A file outside of the folder", name)
    return path
