"""A rendered line -> the lines of specs that cause it, as exactly as trying can tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from generator import conventions
from generator.model import Catalogue, Declared
from generator.pipeline import ARTIFACTS
from generator.problems import Place
from generator.provenance.probe import Leaf, Probe, Trial, leaves, named_file
from generator.provenance.target import Target, find
from generator.rules import secrecy

MOST = 6
"""Causes that are looked for and named; a name by content has as many as there is content."""
TRIALS = 300
"""Renders that one question may take."""


@dataclass
class Search:
    """Looks for the values that change a target, by halves."""

    probe: Probe
    target: Target
    found: list[Leaf] = field(default_factory=list[Leaf])
    unknown: list[Leaf] = field(default_factory=list[Leaf])
    """Values that could not be tried."""
    trials: int = 0

    def __post_init__(self) -> None:
        environment = self.target.environment
        self.before = self.target.value(self.probe.rendered(environment) or {})
        parts = {name: self.probe.rendered(environment, None, (name,)) or {} for name in ARTIFACTS}
        self.artifacts = [name for name, part in parts.items() if self.target.is_in(part)]

    @property
    def ended(self) -> bool:
        """Whether enough was found or tried."""
        return len(self.found) >= MOST or self.exhausted

    @property
    def exhausted(self) -> bool:
        """Whether as much was tried as one question may take."""
        return self.trials >= TRIALS

    def among(self, group: Sequence[Leaf]) -> None:
        """Add the values of a group that change the target."""
        if not group or self.ended:
            return
        trial = self.probe.trial(group)
        if len(group) == 1 and not trial.tried:
            self.unknown += group
            return
        self.trials += 1
        after = self._rendered(trial) if trial.tried else None
        if after is not None and self.target.value(after) == self.before:
            self.unknown += [leaf for leaf in group if leaf not in trial.tried]
        elif len(group) > 1:
            middle = len(group) // 2
            self.among(group[:middle])
            self.among(group[middle:])
        elif after is not None:
            self.found += group
        else:
            self.unknown += group

    def _rendered(self, trial: Trial) -> dict[str, bytes] | None:
        return self.probe.rendered(self.target.environment, trial, self.artifacts)


def origin(root: Path, where: str, written: Catalogue | None) -> Iterator[str]:
    """Yield what is known of `rendered/...[:LINE]`: object, field, the lines that cause it, and the owning spec.

    Without `written` (the specs have problems) no cause is looked for.

    Raises:
        Failure: there is no such file or line, or apm did not write it.
    """
    target = find(root, where)
    yield f"{conventions.RENDERED}/{target.path}:{target.line}: {secrecy.mask(target.text.strip())}"
    if target.item is not None:
        place = f" in {target.item.namespace}" if target.item.namespace else ""
        yield f"  object     {target.item.kind} {target.item.name}{place}"
        if target.field:
            yield f"  field      {target.field_text}"
    yield f"  owner      {target.owner}"
    if target.item is None:
        pass
    elif written is None:
        yield "  caused by  the specs have problems; `apm validate` lists them, and the cause can be told afterwards"
    else:
        yield from _causes(target, written)
    yield "edits here are overwritten: change the spec and run `apm render`"


def _causes(target: Target, written: Catalogue) -> Iterator[str]:
    search = Search(Probe(written), target)
    if search.before != _here(target):
        yield "  caused by  the specs say something else now; run `apm render` first"
        return
    for group in groups(target, written):
        search.among(group)
    causes = [_placed(leaf, target, written) for leaf in sorted(search.found, key=lambda leaf: leaf.place)]
    causes = causes or list(_by_name(target, written))
    for position, (place, text) in enumerate(causes):
        yield f"  {'caused by' if not position else '         '}  {place}  {text}"
    if len(search.found) >= MOST:
        yield "             and more: only the first are looked for"
    elif search.exhausted:
        yield f"             nothing more was found in {search.trials} trials; not every value was tried"
    elif not causes:
        rest = f" ({len(search.unknown)} values could not be tried)" if search.unknown else ""
        yield f"  caused by  apm itself: no value of the specs changes it{rest}"


def _placed(leaf: Leaf, target: Target, written: Catalogue) -> tuple[Place, str]:
    """Return where a cause stands and what it is; of a file that a spec names, the line, where there is only one."""
    name = named_file(leaf)
    if name not in written.files:
        return leaf.place, described(leaf)
    wanted = target.text.strip().replace('"', "").split(": ")
    rows = written.files[name].splitlines()
    hits = [n for n, row in enumerate(rows, 1) if all(part in row.replace('"', "") for part in wanted)]
    return Place(name, hits[0] if len(hits) == 1 else 1), f"named by {leaf}"


def _by_name(target: Target, written: Catalogue) -> Iterator[tuple[Place, str]]:
    """Yield the name of the owner, which can't be tried with another, where the line holds it."""
    for spec in written.specs:
        if _rank(target, spec) == 0 and spec.name in target.text:
            yield (
                spec.document.at(("metadata", "name")),
                f"metadata.name of {spec.kind} {spec.name}: it stands in the line",
            )


def _here(target: Target) -> object:
    """Return what the file on disk holds."""
    assert target.item
    text = target.item.text
    head = "" if target.item.kind == "File" else f"# {conventions.HEADER_MARK}{target.owner.file} ()\n---\n"
    return target.value({target.path: (head + text).encode()})


def described(leaf: Leaf) -> str:
    """Return what a value is, and the value where it is short and no credential."""
    text = secrecy.mask(str(leaf.value).strip()) if leaf.spec else ""
    return f"{leaf}: {text}" if text and len(text) <= 80 and "\n" not in text else str(leaf)


def groups(target: Target, written: Catalogue) -> Iterator[list[Leaf]]:
    """Yield values by how likely they are the cause: those of the owner, of the environment, of other specs by kind."""
    found: dict[tuple[int, str], list[Leaf]] = {}
    for spec in written.specs:
        rank = _rank(target, spec)
        found.setdefault((rank, spec.kind if rank == 2 else ""), []).extend(leaves(spec))
    yield from (found[key] for key in sorted(found))


def _rank(target: Target, spec: Declared) -> int:
    owner = target.owner
    named = not owner.kind or (spec.kind.lower(), spec.name) == (owner.kind, owner.name)
    if spec.document.file == owner.file and named:
        return 0
    return 1 if (spec.kind, spec.name) == ("Environment", target.environment) else 2
