"""What can be added, by a module each: kinds, checks, artifacts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from generator.model.rendered import Resource, TextFile
from generator.model.resolved import Project, Resolving, Thing
from generator.model.written import Catalogue
from generator.problems import Problem
from runtime.contract import Strict


@dataclass(frozen=True)
class Kind:
    """A kind of spec: what people may write, and what it resolves to."""

    name: str
    spec: type[Strict]
    thing: type[Thing]
    resolve: Callable[[Any, Resolving], Thing]


@dataclass(frozen=True)
class Check:
    """A rule between specs.

    `run` gets the catalogue of one environment, or with `each_environment=False` the specs as written, once.
    """

    name: str
    run: Callable[[Catalogue], Iterable[Problem]]
    each_environment: bool = False


@dataclass(frozen=True)
class Artifact:
    """Something that is rendered from a project."""

    name: str
    render: Callable[[Project], Iterable[Resource | TextFile]]
