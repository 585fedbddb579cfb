"""The real Argo CD as local processes: controllers, repository server, and the cache that they share. No container.

It works on the cluster of a kubeconfig with all rights, as Argo CD does where it's installed as its project says, and
with its defaults but two: between two waves it waits for nothing but health, and however often something is healed, it
takes no longer than some seconds (by default it takes up to five minutes, until there was nothing to heal for as long).
Without its API server there are no webhooks: `refresh` asks for the same by annotation.
"""

import base64
import contextlib
import json
import os
import secrets
import time
import urllib.request
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.rigs import cache
from tests.rigs.live import Live, Object, path
from tests.rigs.processes import Processes, free_ports, stopping

NAMESPACE = "argocd"
MANAGER = "argocd-controller"
"""Field manager of what Argo CD applies."""
START_SECONDS = 90


@dataclass(frozen=True)
class ArgoCd:
    """A running Argo CD, seen through the cluster that it works on."""

    live: Live
    processes: Processes
    environment: Mapping[str, str]
    """All that its servers are told."""
    repository_port: int
    """Where the repository server listens."""
    redis_port: int
    """Where the cache listens."""

    def application(self, name: str) -> str:
        """Return the path of an Application."""
        return path("argoproj.io/v1alpha1", "Application", name, NAMESPACE)

    def trust(self, url: str, proxy: str) -> None:
        """Let Argo CD read a repository through a proxy that has a certificate of its own."""
        fields = {"type": "git", "url": url, "proxy": proxy, "insecure": "true"}
        labels = {"argocd.argoproj.io/secret-type": "repository"}
        self._apply({"apiVersion": "v1", "kind": "Secret", "stringData": fields}, "repository", labels)

    def set_health(self, kind: str, rule: str | None) -> None:
        """Write a health rule for a kind, such as `argoproj.io_Application`, into `argocd-cm`, or take it out."""
        change = {"data": {f"resource.customizations.health.{kind}": rule}}
        self.live.patch(path("v1", "ConfigMap", "argocd-cm", NAMESPACE), change)

    def refresh(self, name: str, kind: str = "normal") -> Object:
        """Have an Application compared now, as a webhook does after a push; `kind` is normal or hard."""
        place, note = self.application(name), "argocd.argoproj.io/refresh"
        self.live.patch(place, {"metadata": {"annotations": {note: kind}}})
        return self.live.until(place, lambda app: note not in app["metadata"].get("annotations", {}))

    def limit_manifests(self, size: str) -> None:
        """Restart the repository server with another limit to what it reads for one Application; its cache stays."""
        self.processes.end("argocd-repo-server")
        _start_repository_server(self, {"ARGOCD_REPO_SERVER_MAX_COMBINED_DIRECTORY_MANIFESTS_SIZE": size})

    def start_applicationsets(self) -> None:
        """Start the controller that makes Applications from ApplicationSets, if it doesn't run yet."""
        program = cache.program("argocd-applicationset-controller")
        if program.name in self.processes.running:
            return
        probes, metrics, webhook = free_ports(3)
        self.processes.start(
            program,
            f"--argocd-repo-server=127.0.0.1:{self.repository_port}",
            "--repo-server-plaintext",
            f"--namespace={NAMESPACE}",
            f"--probe-addr=127.0.0.1:{probes}",
            f"--metrics-addr=127.0.0.1:{metrics}",
            f"--webhook-addr=127.0.0.1:{webhook}",
            environment=self.environment,
        )
        _wait(self.processes, f"http://127.0.0.1:{metrics}/metrics")  # it has no check of health

    def logs(self) -> str:
        """Return the end of every server's log."""
        return "\n".join(map(self.processes.log, self.processes.running))

    def install(self) -> None:
        """Create Argo CD's namespace and the settings that its project ships."""
        self.live.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        for file in sorted(cache.folder("argocd").glob("*.yaml")):
            manifest: Object = yaml.safe_load(file.read_text())
            self._apply(manifest, manifest["metadata"]["name"], manifest["metadata"]["labels"])
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.live.patch(path("v1", "Secret", "argocd-secret", NAMESPACE), {"data": {"server.secretkey": key}})

    def _apply(self, manifest: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> None:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        where = path(manifest["apiVersion"], manifest["kind"], name, NAMESPACE)
        self.live.apply(json.dumps({**manifest, "metadata": metadata}), where)


@contextlib.contextmanager
def argocd(live: Live, kubeconfig: Path, folder: Path) -> Generator[ArgoCd]:
    """An Argo CD that waits for Applications; everything that it writes is below `folder`."""
    with stopping(Processes(folder)) as processes:
        found = ArgoCd(live, processes, _environment(folder, kubeconfig), *free_ports(2))
        found.install()
        _start(found)
        yield found


def _environment(folder: Path, kubeconfig: Path) -> dict[str, str]:
    """All that the servers are told; nothing of the caller's environment but where programs are."""
    for name in ("home", "tmp", "tls", "ssh"):
        (folder / name).mkdir(mode=0o700)
    return {
        "PATH": f"{cache.programs()}{os.pathsep}{os.environ['PATH']}",  # the server calls a script of its own
        "KUBECONFIG": str(kubeconfig),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "ARGOCD_FAKE_IN_CLUSTER": "true",  # https://kubernetes.default.svc is the cluster of the kubeconfig
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),  # the defaults are folders of the container's image
        "ARGOCD_SSH_DATA_PATH": str(folder / "ssh"),
        "ARGOCD_ASK_PASS_SOCK": str(folder / "ask.sock"),
        "ARGOCD_SYNC_WAVE_DELAY": "0",
        "ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_CAP_SECONDS": "5",
    }


def _start(argo: ArgoCd) -> None:
    processes, environment = argo.processes, argo.environment
    (metrics,) = free_ports(1)
    processes.start(cache.program("argocd-redis"), f"--address=127.0.0.1:{argo.redis_port}", environment=environment)
    _start_repository_server(argo, {})
    processes.start(
        cache.program("argocd-application-controller"),
        f"--redis=127.0.0.1:{argo.redis_port}",
        f"--repo-server=127.0.0.1:{argo.repository_port}",
        "--repo-server-plaintext",
        f"--namespace={NAMESPACE}",
        f"--metrics-port={metrics}",
        environment=environment,
    )
    _wait(processes, f"http://127.0.0.1:{metrics}/healthz")


def _start_repository_server(argo: ArgoCd, settings: Mapping[str, str]) -> None:
    (metrics,) = free_ports(1)
    argo.processes.start(
        cache.program("argocd-repo-server"),
        f"--redis=127.0.0.1:{argo.redis_port}",
        "--disable-tls",
        "--client-ca-path=",
        "--address=127.0.0.1",
        f"--port={argo.repository_port}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={metrics}",
        environment={**argo.environment, **settings},
    )
    _wait(argo.processes, f"http://127.0.0.1:{metrics}/healthz?full=true")  # full: its gRPC port as well


def _wait(processes: Processes, url: str) -> None:
    """Wait until a server says that it's well; one that died or takes too long is shown with its log."""
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        if processes.dead() or time.monotonic() > end:
            suspects = processes.dead() or list(processes.running)
            raise RuntimeError("\n".join([f"no answer from {url}", *map(processes.log, suspects)]))
        time.sleep(0.1)
