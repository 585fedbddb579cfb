"""What specs come to in one environment: things that know each other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from generator.model.written import beside

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """The spec that something comes from."""

    kind: str
    name: str
    file: str
    digest: str


@dataclass(frozen=True)
class Thing:
    """What every resolved spec knows."""

    source: Source
    owner: str
    """Name of the team that answers for it."""
    labels: Mapping[str, str]
    description: str

    @property
    def name(self) -> str:
        """Name of the spec."""
        return self.source.name


class Find(Protocol):
    """Gives resolved things while others are being resolved."""

    def __call__(self, of: type[T], name: str) -> T: ...


class All(Protocol):
    """Gives all resolved things of a type."""

    def __call__(self, of: type[T]) -> tuple[T, ...]: ...


@dataclass(frozen=True)
class Resolving:
    """What a kind's `resolve` gets besides its spec."""

    base: Mapping[str, Any]
    """`source`, `owner`, `labels` and `description`: the fields of `Thing`, to be passed on."""
    find: Find
    all: All
    files: Mapping[str, str]
    file: str
    environment: str

    def text(self, relative: str) -> str:
        """Return the text of a file beside the spec."""
        return self.files[beside(self.file, relative)]


class Project:
    """Everything that was declared, resolved for one environment."""

    def __init__(self, things: Iterable[Thing], environment: str) -> None:
        self._things: dict[type[Thing], dict[str, Thing]] = {}
        self.environment_name = environment
        for thing in sorted(things, key=lambda thing: thing.name):
            self._things.setdefault(type(thing), {})[thing.name] = thing

    def all(self, of: type[T]) -> tuple[T, ...]:
        """Return the things of a type, by name."""
        return tuple(cast("Mapping[str, T]", self._things.get(cast("type[Thing]", of), {})).values())

    def get(self, of: type[T], name: str) -> T:
        """Return a thing by type and name; KeyError where there is none."""
        return cast("T", self._things[cast("type[Thing]", of)][name])

    def one(self, of: type[T]) -> T:
        """Return the only thing of a type (System)."""
        (thing,) = self.all(of)
        return thing

    def __iter__(self) -> Iterator[Thing]:
        return (thing for kind in self._things.values() for thing in kind.values())
