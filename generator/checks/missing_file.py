"""A spec names a file that is not there, or has nothing in it.

Prompts and JSON Schemas stand in files beside the spec, named by a path relative to the spec's own folder. The file
has to lie below `specs/` or `policies/` of this repository: it is part of what is reviewed and rendered.

Fix: correct the path (the nearest file is suggested), or add the file and write what it has to say.

Bad: `instructions: promts/van.md`, where the file is `prompts/van.md`.

Good: `instructions: prompts/van.md`.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from generator import conventions
from generator.load import UNREAD
from generator.model import Catalogue, Check, Declared, Loc, beside
from generator.problems import Problem
from generator.references import marked
from runtime.contract import FileRef

_LIKE, _SLIP = 0.6, 2
"""How alike a file has to be that nothing names, and how many characters may differ of one that is named already."""
_RELATIVE = "a path is relative to the folder of the spec"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each dead path where it is written."""
    for spec in catalogue.specs:
        for loc, marker, name in marked(spec, FileRef):
            if isinstance(name, str):
                yield from _missing(catalogue, spec, loc, name)
                if marker.holds != "json-schema":  # whose own check says what is no schema
                    yield from _empty(catalogue, spec, loc, name)


def _missing(catalogue: Catalogue, spec: Declared, loc: Loc, name: str) -> Iterable[Problem]:
    folder = spec.document.file.rsplit("/", 1)[0]
    if name.startswith("/") or _leaves(folder, name):
        yield spec.problem(loc, "missing-file", f'"{name}" leaves the repository', f"a path is relative to {folder}/")
    elif not beside(spec.document.file, name).startswith((f"{conventions.SPECS}/", f"{conventions.POLICIES}/")):
        hint = f"files that specs name stand below {conventions.SPECS}/ or {conventions.POLICIES}/"
        yield spec.problem(loc, "missing-file", f'"{name}" is outside of {conventions.SPECS}/', hint)
    elif beside(spec.document.file, name) not in catalogue.files:
        yield spec.problem(
            loc, "missing-file", f'there is no file "{name}" in {folder}/', _nearest(catalogue, folder, name)
        )


def _empty(catalogue: Catalogue, spec: Declared, loc: Loc, name: str) -> Iterable[Problem]:
    text = catalogue.files.get(beside(spec.document.file, name), UNREAD)
    if text is not UNREAD and not text.strip():
        yield spec.problem(loc, "missing-file", f'the file "{name}" is empty', "write what it has to say")


def _leaves(folder: str, name: str) -> bool:
    depth = folder.count("/") + 1
    for part in name.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return True
    return False


def _nearest(catalogue: Catalogue, folder: str, name: str) -> str:
    """Return which file is meant: one that nothing names, or one whose name is the same but for a slip.

    The folder and the ending make the paths of two prompts alike, so that a deleted one would look like any other.
    """
    paths = ((spec, path) for spec in catalogue.specs for _, _, path in marked(spec, FileRef))
    named = {beside(spec.document.file, path) for spec, path in paths if isinstance(path, str)}
    below = [f for f in catalogue.files if f.startswith(f"{folder}/") and not f.endswith((".yaml", ".yml"))]
    likely = [f for f in below if (_differ(f, name) <= _SLIP if f in named else _alike(f, name) >= _LIKE)]
    best = max(likely, key=lambda f: _alike(f, name), default="")
    return f'did you mean "{best.removeprefix(f"{folder}/")}"?' if best else _RELATIVE


def _alike(path: str, other: str) -> float:
    """Return how alike the names of two files are, and their endings; 1 is equal. Folders don't count."""
    one, two = PurePosixPath(path), PurePosixPath(other)
    return min(SequenceMatcher(None, *pair).ratio() for pair in ((one.stem, two.stem), (one.suffix, two.suffix)))


def _differ(path: str, other: str) -> int:
    """Return how many characters of the names of two files the other does not have."""
    one, two = PurePosixPath(path).name, PurePosixPath(other).name
    same = sum(block.size for block in SequenceMatcher(None, one, two).get_matching_blocks())
    return len(one) + len(two) - 2 * same


CHECK = Check("missing-file", run, each_environment=True)
