"""The whole way of `apm doctor` and `apm diff --live`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from generator.diff.model import Diff
from generator.diff.run import RISKS
from generator.live import checks
from generator.live.cluster import Cluster
from generator.live.compare import compare
from generator.live.model import Answer, Examination, Patient
from generator.model import Resource
from generator.pipeline import build_all, resources
from generator.problems import BOLD, RED, RESET, YELLOW, Failure
from runtime.registry import discover

EXAMINATIONS: Mapping[str, Examination] = discover(checks, "EXAMINATION", Examination)


def environment_of(root: Path, wanted: str | None) -> str:
    """Return the environment that is asked about: the named one, or the only one that is deployed.

    Raises:
        Failure: there are several, or none.
        Rejected: something is wrong with the specs.
    """
    if wanted:
        return wanted
    built = build_all(root)
    deployed = sorted(built.files())
    if len(deployed) != 1:
        raise Failure(
            "a cluster is compared with one environment",
            f"name it with --env: {', '.join(deployed) or 'none is deployed'}",
        )
    return deployed[0]


def examined(root: Path, cluster: Cluster, environment: str, names: Sequence[str] = ()) -> list[Answer]:
    """Return what a cluster says to every question, or to some."""
    project = build_all(root, (environment,)).environments[environment].project
    rendered = tuple(item.manifest for item in resources(project) if isinstance(item, Resource))
    if not rendered:
        raise Failure(f'nothing is deployed in environment "{environment}"', "it says `deployed: false`")
    patient = Patient(cluster, project, rendered)
    return [finding for name, one in EXAMINATIONS.items() if not names or name in names for finding in one.run(patient)]


def compared(root: Path, cluster: Cluster, environment: str) -> Diff:
    """Return how a cluster differs from what the specs render."""
    files = build_all(root, (environment,)).environments[environment].files
    return compare(cluster, files, environment, RISKS.values())


def as_json(findings: Iterable[Answer], host: str, environment: str) -> str:
    """Return the stable JSON form."""
    found = [{"state": f.state, "about": f.about, "message": f.message, "hint": f.hint} for f in findings]
    return json.dumps({"cluster": host, "environment": environment, "findings": found}, indent=2, ensure_ascii=False)


def as_text(findings: Iterable[Answer], *, color: bool) -> str:
    """Return findings for a terminal."""
    tints = {"ok": "", "problem": RED, "unknown": YELLOW}
    lines: list[str] = []
    for finding in findings:
        tint, bold, reset = (tints[finding.state], BOLD, RESET) if color else ("", "", "")
        lines.append(f"{tint}{finding.state:<8}{reset}{bold}{finding.about}{reset}: {finding.message}")
        if finding.hint:
            lines.append(f"        help: {finding.hint}")
    return "\n".join(lines)
