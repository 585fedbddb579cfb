"""The whole way of `apm import`: files -> specs, a proof, and everything that people should know."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.importing import defects, importers, metrics
from generator.importing.base import complete, main_namespace
from generator.importing.drafts import Drafts, Importer
from generator.importing.manifests import Found
from generator.importing.proof import Proof, prove
from generator.importing.runtimes import agents
from generator.importing.settling import settle
from generator.links import followed
from generator.load import load
from generator.model import Document
from generator.problems import Failure, Problem
from runtime.registry import discover

IMPORTERS: Mapping[str, Importer] = discover(importers, "IMPORTER", Importer)
DEFECTS: Mapping[str, defects.Defects] = discover(defects, "DEFECTS", defects.Defects)


@dataclass(frozen=True)
class Wanted:
    """What people asked for."""

    out: Path | None = None
    """Repository that the specs are for; None where they are only looked at."""
    environment: str = "production"
    owner: str = "platform"
    namespace: str | None = None
    runtimes: frozenset[str] = frozenset()
    overwrite: bool = False


@dataclass(frozen=True)
class Imported:
    """What came of it."""

    found: Found
    drafts: Drafts
    files: Mapping[str, str]
    """Texts of specs by path below the repository."""
    kept: tuple[str, ...]
    """Specs that are there already and were left as they are."""
    replaced: tuple[str, ...]
    """Paths of specs that say something else than those that stand there; people want them written over."""
    proof: Proof
    defects: tuple[Problem, ...]


def imported(found: Found, wanted: Wanted) -> Imported:
    """Return the specs of what was found.

    Raises:
        Failure: a spec stands where one would be written, and nobody said to overwrite it; or no Deployment has a name
            that people gave.
    """
    inside = agents(found, wanted.runtimes)
    namespace = wanted.namespace or main_namespace(found, inside)
    drafts = Drafts(found, wanted.environment, namespace, inside, wanted.owner, _there(wanted.out))
    for importer in sorted(IMPORTERS.values(), key=lambda i: (i.order, i.name)):
        for manifest in sorted(found.of(*importer.kinds), key=lambda m: m.namespace != namespace):
            importer.lift(manifest, drafts)
    _unknown(drafts)
    metrics.declare(drafts)
    kept = _complete(drafts, wanted)
    with tempfile.TemporaryDirectory(prefix="apm-import-") as scratch:
        made = _without_runbooks(settle(drafts, wanted.out, Path(scratch)), wanted.out)
        replaced = _replaced(made, wanted)
        proof = prove(drafts, Path(scratch))
    return Imported(found, drafts, made, kept, replaced, proof, defects_of(found))


def defects_of(found: Found) -> tuple[Problem, ...]:
    """Return what is wrong with the files as they are, whether or not it is lifted, by place."""
    return tuple(sorted({p for one in DEFECTS.values() for p in one.run(found)} | {*found.problems}))


def _unknown(drafts: Drafts) -> None:
    known = {kind for importer in IMPORTERS.values() for kind in importer.kinds}
    for manifest in drafts.found.manifests:
        if manifest.kind not in known:
            drafts.leave(manifest, "apm has no spec for this kind")


def _complete(drafts: Drafts, wanted: Wanted) -> tuple[str, ...]:
    """Add what every repository needs, unless it is there; what is there is never changed."""
    out = wanted.out
    complete(drafts, (followed(out).name.lower() if out else "imported") or "system", wanted.owner)
    kinds = {kind for kind, _ in drafts.there}
    kept: list[str] = []
    for key in [*drafts.drafts]:
        kind, name = key
        if kind in kinds & {"System", "Notifications"} or (kind in ("Team", "Environment") and key in drafts.there):
            kept.append(f"{kind} {name}")
            del drafts.drafts[key]
    return tuple(kept)


def _there(out: Path | None) -> Mapping[tuple[str, str], Document]:
    return {d.identity: d for d in load(out).documents} if out and out.is_dir() else {}


def _without_runbooks(made: Mapping[str, str], out: Path | None) -> Mapping[str, str]:
    """Leave runbooks as they are that stand there already: what import writes is only to be filled in."""
    return {
        path: content for path, content in made.items() if not (out and path.endswith(".md") and (out / path).exists())
    }


def _replaced(made: Mapping[str, str], wanted: Wanted) -> tuple[str, ...]:
    out = wanted.out
    there = [path for path in made if (out / path).exists()] if out else []
    if there and not wanted.overwrite:
        names = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        raise Failure(f"{out} already has {names}", "name another folder with --out, or say --overwrite")
    return tuple(path for path in there if out and (out / path).read_text(encoding="utf-8") != made[path])


def write(result: Imported, out: Path | None) -> list[str]:
    """Write the specs into a repository, where one is named; return their paths."""
    if out is None:
        return []
    for path, content in result.files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(content)
    return [*result.files]
