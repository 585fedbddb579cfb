"""What one Application of Argo CD has to carry: files of one group of an environment."""

from collections.abc import Iterator, Mapping

from generator.problems import Place, Problem

LIMIT = 10_000_000
"""Bytes of manifests that Argo CD's repo server reads for one Application by default; above it refuses to.
Source: `reposerver.max.combined.directory.manifests.size` of argocd-cmd-params-cm, since 2.4."""


def too_large(file: str, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield a warning for each group that is more than Argo CD reads by default; `file` holds the environment."""
    sums: dict[str, int] = {}
    for path, data in files.items():
        group = path.split("/")[1]
        if group != "docs":
            sums[group] = sums.get(group, 0) + len(data)
    for group, size in sums.items():
        if size > LIMIT:
            message = (
                f"the group {group} has {size / 1e6:.1f} MB; Argo CD reads {LIMIT / 1e6:.0f} MB for one Application"
            )
            hint = "divide it into more Environments, or raise reposerver.max.combined.directory.manifests.size"
            yield Problem(Place(file), "application-size", message, hint, severity="warning")
