"""Which Application carries an object, where a group of an environment is divided into several.

A runtime and the documents that its pods mount stay together, since PruneLast orders the objects of one Application
only. Everything else is divided by the name of its spec. The division is jump consistent hashing: a new spec moves no
other, and from N to N + 1 Applications only what the new one takes moves (Lamping and Veach, 2014, arXiv:1406.2294).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.kinds.environment import Environment
from generator.kinds.runtime import Runtime
from generator.model import Project

_FIRST = frozenset(("environment", "policy"))
"""Kinds whose objects hold for a whole environment; they stay where they are, however many Applications there are."""
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Sharding:
    """How the groups of one environment are divided."""

    counts: Mapping[str, int]
    """Number of Applications by group; one where a group is not named."""
    runtimes: Mapping[str, str]
    """Name of the runtime that a workflow goes with, by the workflow's name."""

    def folder(self, group: str, kind: str, name: str) -> str:
        """Return the folder of what a spec owns in a group; `kind` may be in lower case."""
        return folder(group, self.shard(kind.lower(), name, self.counts.get(group, 1)))

    def shard(self, kind: str, name: str, count: int) -> int:
        """Return the number, from 0, of the Application that carries what a spec owns; `kind` in lower case."""
        if count == 1 or kind in _FIRST:
            return 0
        return jump(self.runtimes.get(name, name) if kind == "workflow" else name, count)

    def folders(self, group: str) -> Iterator[str]:
        """Yield the folders of a group, the one that is named after it first."""
        return (folder(group, number) for number in range(self.counts.get(group, 1)))


def of(project: Project) -> Sharding:
    """Return how the groups of a project's environment are divided."""
    environment = project.get(Environment, project.environment_name)
    argo = environment.spec.argocd
    served = {w.name: runtime.name for runtime in reversed(project.all(Runtime)) for w in runtime.workflows}
    counts: dict[str, int] = {**argo.shards} if argo else {}
    return Sharding(counts, served)


def folder(group: str, shard: int) -> str:
    """Return the folder below an environment; the first keeps the name of the group, so that it never moves."""
    return f"{group}-{shard}" if shard else group


def jump(name: str, count: int) -> int:
    """Return a number below `count` that is the same for `count + 1` or is `count`."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    chosen, candidate = 0, 0
    while candidate < count:
        chosen = candidate
        key = (key * 2862933555777941757 + 1) & _MASK
        candidate = ((chosen + 1) << 31) // ((key >> 33) + 1)
    return chosen
