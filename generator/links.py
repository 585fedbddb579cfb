"""Paths that people name, with their links followed."""

import errno
import os
from pathlib import Path

from generator.problems import Failure


def followed(path: Path) -> Path:
    """Return the absolute path behind all links; what is not there yet is taken as it is named.

    Raises:
        Failure: a link on the way leads back to itself.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            message, hint = (
                f"{path} can't be used: a link on the way leads back to itself",
                "remove it: `ls -l` shows it",
            )
            raise Failure(message, hint) from None
    return Path(os.path.realpath(path))
