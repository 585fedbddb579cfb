"""Specs of another repository are not those that the System pins.

What `System.spec.imports` names is copied to `specs/vendor/` by `apm vendor`, and its digest is written beside the
commit. Rendering reads the copies only and needs no network. A copy that was changed, even by a character, is refused:
what runs would otherwise be neither what the other repository reviewed nor what this one did.

Fix: `apm vendor` fetches the pinned commit again. To take another commit, write it into the spec and run
`apm vendor --pin`. To change a spec for this system, use the `overlay` of an Environment, or change it where it comes
from.

Bad: a file below `specs/vendor/shared/` that was edited by hand.

Good: the same file as `apm vendor` wrote it.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check, Declared
from generator.problems import Place, Problem
from generator.vendoring import VENDOR, digest, folder, of_import

CODE = "vendored"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Compare every copy with its digest, and look for files that belong to no import."""
    names: set[str] = set()
    for system in catalogue.all("System"):
        for name, wanted in system.spec.imports.items():
            names.add(name)
            yield from _copy(catalogue, system, name, wanted.digest)
    if catalogue.all("System"):
        yield from _strangers(catalogue, names)


def _copy(catalogue: Catalogue, system: Declared, name: str, wanted: str | None) -> Iterable[Problem]:
    texts = of_import(catalogue.files, name)
    loc = ("spec", "imports", name)
    if not texts:
        yield system.problem(
            loc, CODE, f'there is no copy of "{name}" in {folder(name)}/', "run `apm vendor`", key=True
        )
    elif wanted is None:
        yield system.problem(loc, CODE, f'"{name}" has no digest', "run `apm vendor`, which writes it", key=True)
    elif digest(texts) != wanted:
        message = f"{folder(name)}/ is not what was fetched: its digest is {digest(texts)}"
        hint = "`apm vendor` fetches it again; change it where it comes from, or in an overlay"
        yield system.problem((*loc, "digest"), CODE, message, hint)


def _strangers(catalogue: Catalogue, names: set[str]) -> Iterable[Problem]:
    for path in catalogue.files:
        top = path.removeprefix(f"{VENDOR}/").split("/")[0]
        if path.startswith(f"{VENDOR}/") and top not in names:
            message = f"{path} belongs to no import of the System"
            yield Problem(
                Place(path), CODE, message, f"move it out of {VENDOR}/, or name its repository under `imports`"
            )


CHECK = Check(CODE, run)
