"""A real Kubernetes control plane on free loopback ports, in a temporary folder: API server in 5 seconds, no container.

Nodes are simulated by kwok: pods become Ready, Jobs complete, Deployments become Available, but nothing runs, so
there are no logs, no exec and no port-forward.

    with control_plane() as plane:
        subprocess.run(["kubectl", "get", "nodes"], env={**os.environ, "KUBECONFIG": str(plane.kubeconfig)})

By hand: `python3 -m tests.rigs.serve --kubeconfig FILE`, until SIGINT or SIGTERM.
"""

import contextlib
import json
import secrets
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

from tests.rigs import cache
from tests.rigs.processes import Processes, free_ports, stopping

START_SECONDS = 120
ROOM = {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "500Gi"}
CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=control-plane -keyout tls.key -out tls.crt"
    " -addext subjectAltName=IP:127.0.0.1,DNS:localhost"
)


class ControlPlane:
    """A control plane that listens at `url` and is used through the file `kubeconfig`."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder, self.processes = folder, processes
        self.etcd_port, self.peer_port, self.port = free_ports(3)
        self.url = f"https://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self.kubeconfig = folder / "kubeconfig"

    def request(self, path: str, body: object = None) -> bytes:
        """GET, or POST where there's a body, as an administrator."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body else None
        trusted = ssl.create_default_context(cafile=str(self.folder / "tls.crt"))
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=10, context=trusted) as response:
            return response.read()

    def wait_for(self, path: str) -> None:
        """Wait until the server answers this path; a server that died or takes too long is shown with its log."""
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):  # refused, forbidden, not found, not ready: not yet
                self.request(path)
                return
            if self.processes.dead() or time.monotonic() > end:
                suspects = self.processes.dead() or list(self.processes.running)
                raise RuntimeError("\n".join([f"no {path} from {self.url}", *map(self.processes.log, suspects)]))
            time.sleep(0.1)

    def write_files(self) -> None:
        """Certificate and key (also the signing key of service accounts), the administrator's token, the kubeconfig."""
        subprocess.run(CERTIFICATE.split(), cwd=self.folder, check=True, capture_output=True)
        (self.folder / "tokens.csv").write_text(f"{self.token},admin,admin,system:masters\n")
        self.kubeconfig.write_text(json.dumps(self._kubeconfig()))  # JSON is YAML

    def _kubeconfig(self) -> dict[str, Any]:
        cluster = {"server": self.url, "certificate-authority": str(self.folder / "tls.crt")}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        }


@contextlib.contextmanager
def api_server() -> Generator[ControlPlane]:
    """An API server with its store and nothing else: objects stay as they were written; stopped at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="control-plane-", ignore_cleanup_errors=True) as folder,
        stopping(Processes(Path(folder))) as processes,
    ):
        plane = ControlPlane(Path(folder), processes)
        plane.write_files()
        _start_etcd(plane)
        _start_api_server(plane)
        yield plane


@contextlib.contextmanager
def control_plane() -> Generator[ControlPlane]:
    """A control plane with three nodes, ready for pods; stopped and removed at the end."""
    with api_server() as plane:
        _start_controllers(plane)
        _start_nodes(plane)
        plane.wait_for("/api/v1/namespaces/default/serviceaccounts/default")  # pods need one
        yield plane


def _start_etcd(plane: ControlPlane) -> None:
    client, peer = f"http://127.0.0.1:{plane.etcd_port}", f"http://127.0.0.1:{plane.peer_port}"
    plane.processes.start(
        cache.program("etcd"),
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    )


def _start_api_server(plane: ControlPlane) -> None:
    plane.processes.start(
        cache.program("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{plane.etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={plane.port}",
        "--tls-cert-file=tls.crt",
        "--tls-private-key-file=tls.key",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-signing-key-file=tls.key",
        "--service-account-key-file=tls.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
    )
    plane.wait_for("/readyz")


def _start_controllers(plane: ControlPlane) -> None:
    unhurried = ("--kube-api-qps=500", "--kube-api-burst=500")  # the default, 20 a second, adds 4 s to the start
    common = (f"--kubeconfig={plane.kubeconfig}", "--leader-elect=false", "--secure-port=0", *unhurried)
    accounts = ("--service-account-private-key-file=tls.key", "--root-ca-file=tls.crt")
    own = (*accounts, "--use-service-account-credentials")
    plane.processes.start(cache.program("kube-controller-manager"), *common, *own)
    plane.processes.start(cache.program("kube-scheduler"), *common)


def _start_nodes(plane: ControlPlane) -> None:
    stages = [f"--config={stage}" for stage in sorted(cache.folder("kwok").glob("*.yaml"))]
    lease = "--node-lease-duration-seconds=40"  # a node without a lease turns unready after 40 s
    plane.processes.start(
        cache.program("kwok"), f"--kubeconfig={plane.kubeconfig}", "--manage-all-nodes", lease, *stages
    )
    for number in range(3):
        plane.request("/api/v1/nodes", _node(number))


def _node(number: int) -> dict[str, Any]:
    name = f"node-{number}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": f"zone-{number}",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"allocatable": ROOM, "capacity": ROOM},
    }
