"""What one Application of Argo CD has to carry: files of one group of an environment, or of one part of it."""

from collections.abc import Iterator, Mapping

from generator.cluster.sharding import Sharding
from generator.problems import Place, Problem

LIMIT = 10_000_000
"""Bytes of manifests that Argo CD's repo server reads for one Application by default; above it refuses to.
Source: `reposerver.max.combined.directory.manifests.size` of argocd-cmd-params-cm, since 2.4."""
ROOM = 0.8
"""Share of the limit that an Application is filled to where a number of Applications is proposed."""
_MOST = 100


def misfits(file: str, files: Mapping[str, bytes], sharding: Sharding) -> Iterator[Problem]:
    """Yield what Argo CD can't carry as it is divided: Applications above its limit, and such that would be empty.

    `file` holds the environment.
    """
    groups: dict[str, dict[str, int]] = {}
    for path, data in files.items():
        _, folder, name = path.split("/", 2)
        groups.setdefault(folder.partition("-")[0], {})[name] = len(data)
    for group, sizes in groups.items():
        if group != "docs":
            yield from _misfit(file, group, sizes, sharding)


def _misfit(file: str, group: str, sizes: Mapping[str, int], sharding: Sharding) -> Iterator[Problem]:
    count = sharding.counts.get(group, 1)
    parts = _divided(sizes, sharding, count)
    if 0 in parts:
        fits = next(n for n in range(count, 0, -1) if 0 not in _divided(sizes, sharding, n))
        message = f"the group {group} is too small for {count} Applications: {parts.count(0)} would have nothing"
        yield Problem(Place(file), "application-empty", message, f"write `argocd.shards.{group}: {fits}`")
    elif max(parts) > LIMIT:
        message = (
            f"the group {group} has {max(parts) / 1e6:.1f} MB in one Application; Argo CD reads {LIMIT / 1e6:.0f} MB"
        )
        yield Problem(Place(file), "application-size", message, _advice(group, sizes, sharding), severity="warning")


def _divided(sizes: Mapping[str, int], sharding: Sharding, count: int) -> list[int]:
    """Return the bytes of each Application of a group whose files are divided among some."""
    parts = [0] * count
    for name, size in sizes.items():
        kind, _, rest = name.removesuffix(".yaml").partition(".")
        parts[sharding.shard(kind, rest, count)] += size
    return parts


def _advice(group: str, sizes: Mapping[str, int], sharding: Sharding) -> str:
    least = range(max(2, int(sum(sizes.values()) / LIMIT)), _MOST + 1)
    enough = next((n for n in least if max(_divided(sizes, sharding, n)) <= LIMIT * ROOM), None)
    if enough is None or group not in ("policy", "runtime", "monitoring"):
        return "divide it into more Environments, or raise reposerver.max.combined.directory.manifests.size"
    return f"divide it with `argocd.shards.{group}: {enough}`; `apm explain application-size` says how to get there"
