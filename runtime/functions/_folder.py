"""Paths inside the folder that functions may touch."""

import os
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
    # Unlike `resolve`, neither raises where links lead round in a circle; opening such a file does.
    folder = Path(os.path.realpath(context.services.folder()))
    path = Path(os.path.realpath(folder / name))
    if not path.is_relative_to(folder):
        raise failed("permission-denied", "A file outside of the folder", name)
    return path
