"""The values of a semantic diff."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from generator import conventions


class _Absent(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absent.ABSENT
"""Stands for a field that is not there, where `None` would be a value."""


FOLDER = "(folder)"
"""Path of the field that stands for where an object is rendered to; not a part of the object."""


@dataclass(frozen=True, order=True)
class Owner:
    """The spec that something is rendered from."""

    file: str
    """Spec file, below the repository root."""
    kind: str
    """Kind of the spec, in lower case as in names of rendered files; empty for documents."""
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.file})" if self.kind else self.file


@dataclass(frozen=True)
class Object:
    """One rendered object, or a document of `docs/` (kind `File`)."""

    environment: str
    owner: Owner
    file: str
    """Path below rendered/."""
    kind: str
    namespace: str
    name: str
    value: Mapping[str, Any] = field(repr=False)
    """The object; YAML and JSON documents inside a ConfigMap are values too."""
    text: str = field(repr=False, compare=False)
    line: int = field(compare=False)
    """Line in the file at which the text starts, from 1."""

    @property
    def foreign(self) -> bool:
        """Whether it stands in a manifest that apm did not write."""
        return self.owner.file == f"{conventions.RENDERED}/{self.file}"

    @property
    def folder(self) -> str:
        """The folder below the environment, which is one Application's."""
        return self.file.split("/")[1]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same object."""
        return self.kind, self.namespace, self.name


@dataclass(frozen=True)
class Field:
    """One value that differs; `ABSENT` where it is not there."""

    path: str
    """Path such as `spec.template.spec.containers[api].image`."""
    old: Any
    new: Any


@dataclass(frozen=True)
class Mark:
    """Why a change needs a second look."""

    risk: str
    message: str
    path: str = ""
    """Field that it is about; empty for the whole object."""


@dataclass(frozen=True)
class Change:
    """One object that is added, deleted or changed in one environment."""

    old: Object | None
    new: Object | None
    fields: tuple[Field, ...] = ()
    follows: int = 0
    """Values that only name the new version of another changed object, such as the ConfigMap that a pod mounts."""
    marks: tuple[Mark, ...] = ()
    renamed: str = ""
    """Of an object that is deleted: the name under which the same is added."""

    @property
    def object(self) -> Object:
        """The object as it will be; as it was, where it is deleted."""
        found = self.new or self.old
        assert found
        return found

    @property
    def verb(self) -> str:
        """What happens to the object."""
        return "added" if self.old is None else "deleted" if self.new is None else "changed"


@dataclass(frozen=True)
class Diff:
    """Everything that differs between a commit and the working tree."""

    base: str
    """What the old side is, for people."""
    changes: tuple[Change, ...]

    def marks(self) -> Iterator[tuple[Change, Mark]]:
        """Yield every mark with its change."""
        return ((change, mark) for change in self.changes for mark in change.marks)

    def risks(self) -> dict[str, int]:
        """Return how often each risk is marked, by name."""
        names = [mark.risk for _, mark in self.marks()]
        return {name: names.count(name) for name in sorted(set(names))}


@dataclass(frozen=True)
class Risk:
    """Something that a reviewer must not overlook.

    `run` gets an object before and after (one of them may be missing) and yields what is risky about the difference.
    The docstring of its module is what `apm explain NAME` prints.
    """

    name: str
    run: Callable[[Change], Iterable[Mark]]
