"""The whole way from spec files to rendered files. Every command that checks, renders or explains goes through here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator import artifacts, checks, kinds, sizes, values
from generator.cluster import sharding
from generator.collector import uncollected
from generator.kinds.environment import Environment
from generator.load import load
from generator.model import Artifact, Catalogue, Check, Declared, Document, Kind, Loaded, Metadata, Project, Rendered
from generator.overlay import views
from generator.parse import parse
from generator.problems import Failure, Place, Problem, Rejected, nearest
from generator.references import marked
from generator.render import files, render
from generator.resolve import resolve
from generator.validate import validate
from generator.verify import verify
from runtime.contract import Expr
from runtime.registry import discover

KINDS: Mapping[str, Kind] = discover(kinds, "KIND", Kind)
CHECKS: Mapping[str, Check] = discover(checks, "CHECK", Check)
ARTIFACTS: Mapping[str, Artifact] = discover(artifacts, "ARTIFACT", Artifact)


@dataclass(frozen=True)
class Specs:
    """Specs as written, and as each environment sees them: valid ones, or as far as they could be read."""

    written: Catalogue
    views: tuple[Catalogue, ...]
    problems: tuple[Problem, ...]
    """What was found; of valid specs, warnings alone."""


@dataclass(frozen=True)
class Environment_:  # noqa: N801  (Environment is the spec)
    """What the specs come to in one environment."""

    project: Project
    files: Mapping[str, bytes]
    """Contents by path below rendered/; empty where nothing is deployed."""


@dataclass(frozen=True)
class Built:
    """What all specs come to."""

    specs: Specs
    environments: Mapping[str, Environment_]
    warnings: tuple[Problem, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """Names of all environments, built or not."""
        return tuple(view.environment or "" for view in self.specs.views)

    def files(self) -> dict[str, Mapping[str, bytes]]:
        """Return the contents of rendered/ by environment, for those that are deployed."""
        return {name: built.files for name, built in self.environments.items() if built.files}


@uncollected()
def check(root: Path, buffers: Mapping[str, str] | None = None) -> Specs:
    """Return the specs of a repository, or raise `Rejected` with everything that is wrong with them.

    `buffers` are texts by path below the root that stand in for what is on disk.
    """
    return checked(load(root, buffers))


def checked(loaded: Loaded) -> Specs:
    """Return the specs of what was loaded, or raise `Rejected` with everything that is wrong with them."""
    specs = _judged(loaded)
    _stop(specs.problems)
    return specs


@uncollected()
def read(root: Path) -> Specs:
    """Return the specs of a repository as far as they can be read, with everything that is wrong with them."""
    return _judged(load(root))


def _judged(loaded: Loaded) -> Specs:
    declared, malformed = parse(loaded.documents, KINDS)
    written = Catalogue(tuple(declared), loaded.files, None, _unparsed(loaded, declared))
    seen, dead = views(written, KINDS)
    between = [*dead, *validate(written, seen, CHECKS)]
    found = [*loaded.problems, *_untold(malformed, between), *_certain(between, loaded.problems, malformed)]
    unclear = {problem.place: problem for problem in loaded.problems if problem.code == "ambiguous-scalar"}
    if unclear:
        specs = [spec for catalogue in (written, *seen) for spec in catalogue.specs]
        asked = _wanted([*loaded.documents, *(spec.document for spec in specs)], specs)
        found = _cleared(found, unclear, [*asked, *malformed, *dead])
    return Specs(written, tuple(seen), tuple(found))


def _wanted(documents: Iterable[Document], specs: Iterable[Declared]) -> Iterator[Problem]:
    """Yield findings about scalars that readers disagree about, of documents whose kind says what is wanted there."""
    computed = {id(spec.document): {loc for loc, _, _ in marked(spec, Expr)} for spec in specs}
    for document in documents:
        kind = KINDS.get(document.identity[0])
        models = {"metadata": Metadata, "spec": kind.spec} if kind else {}
        for key in models.keys() & document.value.keys():
            yield from values.disputed(document, key, models[key], computed.get(id(document), ()))


def _cleared(found: Iterable[Problem], unclear: Mapping[Place, Problem], better: Iterable[Problem]) -> list[Problem]:
    """Return findings, each of the unclear scalars told once: by the one that knows best what is meant."""
    told = dict(unclear)
    for problem in better:
        if problem.place in unclear and unclear[problem.place].fix:
            told[problem.place] = problem
    return [*(p for p in found if not any(_within(p.place, place) for place in unclear)), *told.values()]


@uncollected()
def build_all(root: Path, names: Sequence[str] = (), buffers: Mapping[str, str] | None = None) -> Built:
    """Return what rendered/ must hold, for all environments or those named; `buffers` as in `check`.

    Raises:
        Rejected: something is wrong with the specs, or with what they would render.
        Failure: a named environment does not exist.
    """
    return built(check(root, buffers), names)


def built(specs: Specs, names: Sequence[str] = ()) -> Built:
    """Return what valid specs render; raises as `build_all` does."""
    _known(names, specs.views)
    made = {view.environment or "": _build(view) for view in specs.views if not names or view.environment in names}
    warnings = _stop([*specs.problems, *(problem for _, problems in made.values() for problem in problems)])
    return Built(specs, {name: result for name, (result, _) in made.items()}, warnings)


_UNREAD = frozenset({"unreadable", "symlink-outside", "symlink-folder", "not-utf8", "file-too-large"})
"""Codes of files and folders of which it is not known which specs they hold."""
_MISSING = frozenset({"dead-reference", "dead-overlay"})
"""Codes that say that a spec is not there."""
_UNUSED = frozenset({"channel-unused", "unused-spec"})
"""Codes that say that no spec names something."""


def _certain(found: Iterable[Problem], unread: Sequence[Problem], malformed: Sequence[Problem]) -> Iterator[Problem]:
    """Yield findings without those that what could not be read may answer."""
    open_ = _UNUSED if unread or malformed else frozenset[str]()
    open_ |= _MISSING if any(p.code in _UNREAD for p in unread) else frozenset[str]()
    return (problem for problem in found if problem.code not in open_)


def _untold(malformed: Iterable[Problem], found: Iterable[Problem]) -> Iterator[Problem]:
    """Yield what is malformed, without references to secrets that are told to be credentials themselves."""
    literals = [problem.place for problem in found if problem.code == "secret-literal"]
    for problem in malformed:
        if problem.code != "secret-ref" or not any(_within(literal, problem.place) for literal in literals):
            yield problem


def _within(inner: Place, outer: Place) -> bool:
    same = (inner.file, inner.line) == (outer.file, outer.line)
    return same and outer.column <= inner.column < outer.column + outer.length


def _known(names: Sequence[str], views: Sequence[Catalogue]) -> None:
    known = [view.environment or "" for view in views]
    for name in names:
        if name not in known:
            raise Failure(f'there is no environment "{name}"', nearest(name, known))


def _build(view: Catalogue) -> tuple[Environment_, list[Problem]]:
    project = resolve(view, KINDS)
    environment = project.get(Environment, project.environment_name)
    problems: list[Problem] = []
    checked = verify(resources(project), view, environment.spec.cluster.version, problems)
    divided = sharding.of(project)
    contents = files(checked, environment.name, divided.folder)
    if environment.spec.argocd:
        problems += sizes.misfits(environment.source.file, contents, divided)
    return Environment_(project, contents), problems


def resources(project: Project) -> Iterator[Rendered]:
    """Yield everything that a project renders; nothing where the environment is not deployed."""
    environment = project.get(Environment, project.environment_name)
    if environment.spec.deployed:
        yield from render(project, ARTIFACTS, environment.namespace)


def _unparsed(loaded: Loaded, declared: Iterable[Declared]) -> dict[tuple[str, str], str]:
    """Return the files of the documents that are no well-formed specs, by kind and name."""
    known = {id(spec.document) for spec in declared}
    broken = [(*d.identity, d.file) for d in loaded.documents if id(d) not in known and d.identity[1]]
    return {(kind if kind in KINDS else "", name): file for kind, name, file in broken}


def _stop(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Raise `Rejected` if there is an error, with the warnings; else return the warnings."""
    found = tuple(problems)
    if any(p.severity == "error" for p in found):
        raise Rejected(found)
    return found
