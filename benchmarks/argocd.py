"""`python -m benchmarks.argocd [--agents 100,1000]`: what one Application costs the real Argo CD (see `make tools`).

The group `runtime` of N agents, as rendered, is synced into an API server, and synced again after a commit that changes
one runtime. No other controller runs, so each object counts as healthy once it is there. `read ms` is the longest
answer of the repo server, `object kB` the Application itself as the API server keeps it.
"""

import argparse
import contextlib
import json
import os
import re
import ssl
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import yaml

from benchmarks import specs
from benchmarks.__main__ import run
from tests.rigs import cache
from tests.rigs.argocd import ArgoCd, argocd
from tests.rigs.control_plane import api_server
from tests.rigs.git_proxy import git_proxy
from tests.rigs.git_repository import GitRepository
from tests.rigs.live import Live, Object, path_of

URL = "https://git.example.com/bench.git"
GROUP, SECONDS = "runtime", 1800
HEALTHY = 'return {status = "Healthy"}'
KINDS = ("apps_Deployment", "policy_PodDisruptionBudget", "autoscaling_HorizontalPodAutoscaler")
TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def cluster(folder: Path) -> Generator[ArgoCd]:
    """A running Argo CD, and an API server that knows its kinds."""
    with api_server() as plane:
        trusted = ssl.create_default_context(cafile=str(plane.folder / "tls.crt"))
        headers = {"Authorization": f"Bearer {plane.token}"}
        with httpx.Client(base_url=plane.url, verify=trusted, headers=headers, timeout=60, trust_env=False) as client:
            live = Live(client)
            for file in sorted(cache.folder("crds").glob("*.yaml")):
                text = file.read_text()
                if "argoproj.io" in text:
                    (name,) = re.findall(r"^  name: (\S+)$", text, re.MULTILINE)
                    where = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
                    live.apply(text, where)
                    live.until(where, lambda found: "Established" in str(found.get("status")))
            with argocd(live, plane.kubeconfig, folder) as argo:
                yield argo


def used(argo: ArgoCd, name: str) -> tuple[float, float]:
    """Return CPU seconds and peak memory in MB of a server so far."""
    process = Path("/proc") / str(argo.processes.running[name].pid)
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    return (int(fields[11]) + int(fields[12])) / TICK, int(peak) / 1024


def synced(application: Object, commit: str) -> bool:
    """Whether the last operation applied a commit, and Argo CD sees no difference to it."""
    status = application.get("status", {})
    operation, sync = status.get("operationState", {}), status.get("sync", {})
    failed = operation.get("phase") in ("Failed", "Error") or status.get("conditions")
    if failed:
        raise SystemExit(f"{operation.get('message')} {status.get('conditions')}"[:2000])
    applied = operation.get("phase") == "Succeeded" and operation["syncResult"]["revision"] == commit
    return applied and sync.get("status") == "Synced" and sync.get("revision") == commit


def row(argo: ArgoCd, case: str, agents: int, commit: str, place: str) -> None:
    """Wait for a commit and print what it cost."""
    servers = ("argocd-repo-server", "argocd-application-controller")
    before, start = [used(argo, name)[0] for name in servers], time.monotonic()
    found = argo.live.until(place, lambda app: synced(app, commit), SECONDS)
    wall, cost = time.monotonic() - start, [used(argo, name) for name in servers]
    text = (argo.processes.folder / "argocd-application-controller.log").read_text()
    took = [int(ms) for ms in re.findall(r'"manifests_ms":(\d+)', text)]
    objects, size = len(found["status"]["resources"]), len(json.dumps(found, separators=(",", ":")))
    cells = [f"{now[0] - then:9.1f} {now[1]:6.0f}" for then, now in zip(before, cost, strict=True)]
    print(
        f"{agents:>7} {objects:>8} {case:<8} {wall:7.1f} {' '.join(cells)} {max(took, default=0):>9} {size / 1e3:9.0f}"
    )


def measure(folder: Path, agents: int) -> None:
    """Print both rows for a number of agents."""
    repository = GitRepository(folder / "git")
    repository.create()
    specs.write(repository.tree, agents)
    base = repository.tree / "specs/base.yaml"
    base.write_text(
        base.read_text().replace("  namespace: bench\n", f"  namespace: bench\n  argocd: {{repoUrl: '{URL}'}}\n")
    )
    (repository.tree / ".gitignore").write_text(".apm/\n")
    run(repository.tree, "render")
    commit = repository.commit("Agents")
    for name in ("argocd", "proxy"):
        (folder / name).mkdir()
    with cluster(folder / "argocd") as argo, git_proxy(repository.origin, folder / "proxy") as proxy:
        argo.trust(URL, proxy)
        for kind in KINDS:
            argo.set_health(kind, HEALTHY)
        argo.live.create("/api/v1/namespaces", {"metadata": {"name": "bench"}})
        for file in (repository.tree / "rendered/production/argocd").glob("*.yaml"):
            for manifest in yaml.safe_load_all(file.read_text()):
                if manifest["kind"] == "AppProject" or manifest["metadata"]["name"].endswith(f"-{GROUP}"):
                    argo.live.apply(json.dumps(manifest), path_of(manifest))
        place = argo.application(f"bench-production-{GROUP}")
        row(argo, "first", agents, commit, place)
        file = repository.tree / "specs/agents/agent-00003.yaml"
        file.write_text(f"{file.read_text()}  grace: 90s\n")
        run(repository.tree, "render")
        commit = repository.commit("One runtime")
        argo.refresh(f"bench-production-{GROUP}")
        row(argo, "one", agents, commit, place)


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", default="100,1000")
    print(" agents  objects case      wall s    repo s     MB  contr. s     MB   read ms object kB")
    for count in (int(n) for n in parser.parse_args().agents.split(",")):
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name), count)


if __name__ == "__main__":
    main()
