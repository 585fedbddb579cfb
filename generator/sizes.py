"""What one Application of Argo CD has to carry: files of one group of an environment, or of one part of it."""

from collections.abc import Iterator, Mapping

from generator.cluster.sharding import Sharding
from generator.problems import Place, Problem

BYTES = 10_000_000
"""Bytes of manifests that Argo CD's repo server reads for one Application by default; above it refuses to.
Source: `reposerver.max.combined.directory.manifests.size` of argocd-cmd-params-cm, since 2.4."""
OBJECTS = 3000
"""Objects of one Application. It lists them all in its status, about 400 bytes each after a sync of all, and etcd takes
1.5 MB for one object by default. Source: `python -m benchmarks.argocd`, and argo-cd issue 14486."""
ROOM = 0.8
"""Share of the limits that an Application is filled to where a number of Applications is proposed."""
_MOST = 100
_Size = tuple[int, int]
"""Bytes and objects."""


def misfits(file: str, files: Mapping[str, bytes], sharding: Sharding) -> Iterator[Problem]:
    """Yield what Argo CD can't carry as it is divided: Applications above its limit, and such that would be empty.

    `file` holds the environment.
    """
    groups: dict[str, dict[str, _Size]] = {}
    for path, data in files.items():
        _, folder, name = path.split("/", 2)
        groups.setdefault(folder.partition("-")[0], {})[name] = len(data), data.count(b"\n---\n")
    for group, sizes in groups.items():
        if group != "docs":
            yield from _misfit(file, group, sizes, sharding)


def _misfit(file: str, group: str, sizes: Mapping[str, _Size], sharding: Sharding) -> Iterator[Problem]:
    count = sharding.counts.get(group, 1)
    parts = _divided(sizes, sharding, count)
    if _NOTHING in parts:
        fits = next(n for n in range(count, 0, -1) if _NOTHING not in _divided(sizes, sharding, n))
        empty = parts.count(_NOTHING)
        message = f"the group {group} is too small for {count} Applications: {empty} would have nothing"
        yield Problem(Place(file), "application-empty", message, f"write `argocd.shards.{group}: {fits}`")
    elif not _fits(parts):
        most = f"{max(size for size, _ in parts) / 1e6:.1f} MB and {max(objects for _, objects in parts)} objects"
        able = f"{BYTES / 1e6:.0f} MB and about {OBJECTS} objects"
        message = f"the group {group} has {most} in one Application; Argo CD carries {able}"
        yield Problem(Place(file), "application-size", message, _advice(group, sizes, sharding), severity="warning")


_NOTHING: _Size = (0, 0)


def _fits(parts: list[_Size], share: float = 1) -> bool:
    return all(size <= BYTES * share and objects <= OBJECTS * share for size, objects in parts)


def _divided(sizes: Mapping[str, _Size], sharding: Sharding, count: int) -> list[_Size]:
    """Return the size of each Application of a group whose files are divided among some."""
    parts = [_NOTHING] * count
    for name, (size, objects) in sizes.items():
        kind, _, rest = name.removesuffix(".yaml").partition(".")
        number = sharding.shard(kind, rest, count)
        parts[number] = parts[number][0] + size, parts[number][1] + objects
    return parts


def _advice(group: str, sizes: Mapping[str, _Size], sharding: Sharding) -> str:
    ((size, objects),) = _divided(sizes, sharding, 1)
    least = max(2, int(size / BYTES), int(objects / OBJECTS))
    enough = next((n for n in range(least, _MOST + 1) if _fits(_divided(sizes, sharding, n), ROOM)), None)
    if enough is None or group not in ("policy", "runtime", "monitoring"):
        return "divide it into more Environments, or raise reposerver.max.combined.directory.manifests.size"
    return f"divide it with `argocd.shards.{group}: {enough}`; `apm explain application-size` says how to get there"
