"""Who may talk to whom, as network-config-analyzer reads the rendered network policies: `connections/` says it.

The neighbours that policies name are put beside the rendered workloads, with a stranger in each namespace.
"""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.environments import programs
from tests.rigs import rendered
from tests.rigs.rendered import Item

EXPECTED = Path(__file__).with_name("connections")
KINDS = {"NetworkPolicy", "Deployment", "StatefulSet", "CronJob", "Job"}
STRANGER = {"app.kubernetes.io/name": "stranger"}


@pytest.mark.parametrize("environment", rendered.ENVIRONMENTS)
def test_these_connections_are_open_and_no_others(
    environment: str, items: list[Item], tmp_path: Path, *, rewrite: bool
) -> None:
    ours = [item.manifest for item in items if item.environment == environment and item.kind in KINDS]
    text = "".join(_connections(ours, tmp_path))
    file = EXPECTED / f"{environment}.txt"
    if rewrite:
        file.write_text(text)
    assert text == file.read_text()


def _connections(ours: list[Mapping[str, Any]], folder: Path) -> list[str]:
    """Return a line, `FROM => TO : PORTS`, for each pair that may talk and has one of ours in it."""
    policies = [one for one in ours if one["kind"] == "NetworkPolicy"]
    (folder / "cluster.yaml").write_text(yaml.safe_dump_all([*ours, *_neighbours(policies)]))
    report, nca = folder / "report.txt", programs("network-config-analyzer") / "nca"
    wanted = ["--output_format", "txt_no_fw_rules", "--output_endpoints", "deployments", "--file_out", report]
    command = [nca, "--connectivity", folder, "--ns_list", folder, "--pod_list", folder, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {f"{one['metadata']['namespace']}/{one['metadata']['name']}[" for one in ours}
    lines = report.read_text().splitlines(keepends=True)
    return [line for line in lines if any(name in line for name in names)]


def _neighbours(policies: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield a pod for each pair of selectors in a rule, its namespace, and a stranger for each namespace."""
    pods: dict[tuple[str, str], Mapping[str, str]] = {}
    for policy in policies:
        own = policy["metadata"]["namespace"]
        for peer in _peers(policy["spec"]):
            space = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", own)
            labels = peer["podSelector"].get("matchLabels", {})
            if space != own and labels:
                pods[space, next(iter(labels.values()))] = labels
        pods[own, "stranger"] = STRANGER
    for space in sorted({space for space, _ in pods} | {"elsewhere"}):
        pods[space, "stranger"] = STRANGER
        labels = {"kubernetes.io/metadata.name": space}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": labels}}
    for (space, name), labels in sorted(pods.items()):
        metadata = {"name": name, "namespace": space, "labels": dict(labels)}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "main"}]}}


def _peers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for way, side in (("ingress", "from"), ("egress", "to")):
        for rule in spec.get(way, ()):
            yield from (peer for peer in rule.get(side, ()) if "podSelector" in peer)
