"""The first process of a node's own namespaces: it starts every server of the node, and ends when one of them does.

Called by `tests.rigs.node` as `python -m tests.rigs.node_inside FOLDER`, with the path of programs in the environment.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HOST, NODE, SERVICES, API, DNS = "10.250.0.1", "10.250.0.2", "10.96.0.0/16", "10.96.0.1", "10.96.0.10"
PODS = "10.244.0.0/24"
NAME = "node"
OWN_FOLDERS = ("/var/lib/containerd", "/var/lib/kubelet", "/var/lib/cni", "/var/log")
"""Where servers of a node write by default; the node sees folders of its own there."""
KERNEL = {"vm/overcommit_memory": 1, "kernel/panic": 10, "kernel/panic_on_oops": 1}
"""What the kubelet would set for the whole machine: it finds it set already, in files that only it sees."""
CONTAINERD = """\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{registry}/pause:1"
  restrict_oom_score_adj = true  # lowering it needs CAP_SYS_RESOURCE, which a container of ours may lack
  disable_apparmor = true
  cni = {{bin_dir = "{cni}", conf_dir = "{folder}/cni"}}
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{folder}/registries"
"""
USERS = {
    "admin": "admin,1,system:masters",
    "kubelet": f"system:node:{NAME},2,system:nodes",
    "proxy": "system:kube-proxy,3",
}
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -batch -subj /CN=node"
    f" -addext subjectAltName=IP:{NODE},IP:{API},DNS:kubernetes.default.svc -keyout tls.key -out tls.crt"
)


def main(folder: Path) -> None:
    """Become the node."""
    os.chdir(folder)
    _isolate(folder)
    _connect()
    _write_files(folder)
    _Servers(folder).run()


def _call(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _isolate(folder: Path) -> None:
    """Put folders and files of our own in the place of the machine's, for us alone."""
    _call("mount", "--make-rshared", "/")
    _call("mount", "-t", "tmpfs", "tmpfs", "/run")
    for path in OWN_FOLDERS:
        own = folder / path[1:]
        own.mkdir(parents=True)
        _call("mount", "--bind", own, path)
    for name, value in KERNEL.items():
        own = folder / Path(name).name
        own.write_text(f"{value}\n")
        _call("mount", "--bind", own, f"/proc/sys/{name}")


def _connect() -> None:
    """Bring the interface up as soon as it has been handed over; no default route, so that nothing leaves."""
    _call("ip", "link", "set", "lo", "up")
    while subprocess.run(["ip", "link", "set", "eth0", "up"], capture_output=True, check=False).returncode:
        time.sleep(0.02)
    _call("ip", "address", "add", f"{NODE}/30", "dev", "eth0")
    _call("ip", "route", "add", SERVICES, "via", HOST)  # only so that there is a route: kube-proxy rewrites addresses
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")


def _write_files(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    _write("containerd.toml", CONTAINERD.format(folder=folder, **settings))
    _write("cni/ptp.conflist", _network())
    _write("kubelet.json", _kubelet(folder))
    _write("proxy.json", _proxy(folder))
    _call(*CERTIFICATE.split())
    tokens = {name: secrets.token_hex(16) for name in USERS}
    for name, token in tokens.items():
        _write(f"{name}.kubeconfig", _kubeconfig(folder, token))
    _write("tokens.csv", "".join(f"{tokens[name]},{user}\n" for name, user in USERS.items()))


def _write(name: str, data: str | Mapping[str, Any]) -> None:
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(data if isinstance(data, str) else json.dumps(data))  # JSON is YAML


def _network() -> dict[str, Any]:
    addresses = {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "ptp", "ipam": addresses}]}


def _kubelet(folder: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": f"{folder}/tls.crt"},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "clusterDNS": [DNS],
        "clusterDomain": "cluster.local",
        "resolvConf": "",
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "volumePluginDir": f"{folder}/volume-plugins",
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "syncFrequency": "10s",  # how soon a changed ConfigMap is noticed
    }


def _proxy(folder: Path) -> dict[str, Any]:
    untouched = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{folder}/proxy.kubeconfig"},
        "hostnameOverride": NAME,
        "oomScoreAdj": 0,
        "conntrack": untouched,  # the machine's, not ours
    }


def _kubeconfig(folder: Path, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "n",
        "users": [{"name": "n", "user": {"token": token}}],
        "clusters": [
            {"name": "n", "cluster": {"server": f"https://{NODE}:6443", "certificate-authority": f"{folder}/tls.crt"}}
        ],
        "contexts": [{"name": "n", "context": {"cluster": "n", "user": "n"}}],
    }


class _Servers:
    """The servers of the node, in the order in which they need each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[int, str] = {}

    def run(self) -> None:
        """Start all, and watch them for ever."""
        self._start("containerd", "--config=containerd.toml")
        self._start("etcd", "--data-dir=etcd", "--unsafe-no-fsync", "--log-level=warn")
        self._start("kube-apiserver", *_api_server())
        self._until(Path("/run/containerd/containerd.sock").exists)
        self._until(self._answers)
        own = ("--kubeconfig=admin.kubeconfig", "--leader-elect=false")
        keys = ("--service-account-private-key-file=tls.key", "--root-ca-file=tls.crt")
        self._start("kube-controller-manager", *own, *keys, "--use-service-account-credentials")
        self._start("kube-scheduler", *own)
        self._start("kubelet", "--config=kubelet.json", "--kubeconfig=kubelet.kubeconfig",
                    f"--hostname-override={NAME}", f"--node-ip={NODE}")  # fmt: skip
        self._start("kube-proxy", "--config=proxy.json")
        self._until(lambda: False)

    def _answers(self) -> bool:
        ready = ["kubectl", "--kubeconfig=admin.kubeconfig", "get", "--raw=/readyz"]
        return subprocess.run(ready, capture_output=True, check=False).returncode == 0

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([name, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.running[process.pid] = name

    def _until(self, ready: Callable[[], bool]) -> None:
        """Wait, and take in orphans as a first process must; one of ours among them is the end."""
        while not ready():
            if (pid := os.waitpid(-1, os.WNOHANG)[0]) in self.running:
                log = self.folder / f"{self.running[pid]}.log"
                sys.exit(f"{log} ends:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)


def _api_server() -> list[str]:
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={NODE}",
        "--tls-cert-file=tls.crt",
        "--tls-private-key-file=tls.key",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={SERVICES}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-signing-key-file=tls.key",
        "--service-account-key-file=tls.crt",
        "--kubelet-client-certificate=tls.crt",
        "--kubelet-client-key=tls.key",
        "--kubelet-preferred-address-types=InternalIP",
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
