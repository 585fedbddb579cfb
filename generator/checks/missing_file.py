"""A spec names a file that is not there.

Prompts and JSON Schemas stand in files beside the spec, named by a path relative to the spec's own folder. The file
has to lie below `specs/` or `policies/` of this repository: it is part of what is reviewed and rendered.

Fix: correct the path (the nearest file is suggested), or add the file.

Bad: `instructions: promts/van.md`, where the file is `prompts/van.md`.

Good: `instructions: prompts/van.md`.
"""

from collections.abc import Iterable

from generator import conventions
from generator.model import Catalogue, Check, Declared, Loc, beside
from generator.problems import Problem, nearest
from generator.references import marked
from runtime.contract import FileRef


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each dead path where it is written."""
    for spec in catalogue.specs:
        for loc, _, name in marked(spec, FileRef):
            if isinstance(name, str):
                yield from _missing(catalogue, spec, loc, name)


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


def _leaves(folder: str, name: str) -> bool:
    depth = folder.count("/") + 1
    for part in name.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return True
    return False


def _nearest(catalogue: Catalogue, folder: str, name: str) -> str:
    below = [f.removeprefix(f"{folder}/") for f in catalogue.files if f.startswith(f"{folder}/")]
    suggestion = nearest(name, [f for f in below if not f.endswith((".yaml", ".yml"))])
    return suggestion if suggestion.startswith("did") else "a path is relative to the folder of the spec"


CHECK = Check("missing-file", run, each_environment=True)
