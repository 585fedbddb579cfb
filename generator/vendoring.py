"""Specs of other repositories, copied into this one: where they lie, and the digest that pins their bytes."""

import hashlib
from collections.abc import Mapping

from generator import conventions

VENDOR = f"{conventions.SPECS}/vendor"
"""Folder of the copies, one for each import. Nothing else lies there."""


def folder(name: str) -> str:
    """Return where an import is copied to, below the repository root."""
    return f"{VENDOR}/{name}"


def of_import(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the texts of an import by path below its folder, out of all texts of a repository."""
    top = f"{folder(name)}/"
    return {path[len(top) :]: text for path, text in files.items() if path.startswith(top)}


def digest(texts: Mapping[str, str]) -> str:
    """Return the digest of files by path: every name and every character counts, line endings do not."""
    found = hashlib.sha256()
    for path in sorted(texts):
        for part in (path.encode(), texts[path].encode()):
            found.update(b"%d:" % len(part) + part)
    return f"sha256:{found.hexdigest()}"
