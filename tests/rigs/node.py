"""One real Kubernetes node: control plane, containerd, kubelet and kube-proxy, in namespaces of their own. Root only.

    with node(store="http://10.250.0.1:5000") as found:
        subprocess.run(["kubectl", "get", "nodes"], env={**os.environ, "KUBECONFIG": str(found.kubeconfig)})

Its pods are real processes from real images, which come from one registry, whatever name a manifest gives. It reaches
this machine by one link and nothing beyond it. One at a time, because its addresses are fixed. What it lacks is an
engine for NetworkPolicies (`tests.rigs.network_policies` is a small one) and a name server (`tests.node` has CoreDNS).
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from tests.rigs import cache, debian
from tests.rigs.cache import REPOSITORY
from tests.rigs.debian import UnavailableError
from tests.rigs.node_inside import HOST, NODE, OWN_FOLDERS, PODS, SERVICES

PACKAGES = ("containerd", "runc", "containernetworking-plugins", "nftables", "iptables", "docker-registry")
PROGRAMS = ("kube-apiserver", "kubelet", "kube-proxy", "pause", "coredns")
LINK = "apm-node"
READY_SECONDS = 180
ISOLATED = "unshare --mount --net --pid --ipc --fork --kill-child --mount-proc"
REGISTRY = "apm.local"
"""Name of the registry of images that no manifest of ours names."""


@dataclass(frozen=True)
class Node:
    """A running node."""

    folder: Path
    pid: int
    """Of the process whose namespaces are the node's."""
    environment: dict[str, str]
    """Where its programs are, and which cluster they speak to."""

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "admin.kubeconfig"

    def inside(self, *command: str | Path) -> list[str]:
        """Return a command as it is run in the node's network."""
        return ["nsenter", f"--target={self.pid}", "--net", *map(str, command)]

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Return what kubectl prints; `AssertionError` with all that it said if it fails."""
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(
            command, input=stdin, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kill(self, container: str) -> None:
        """Kill the process of a container, without a word to it or to the kubelet."""
        command = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "ctr", "--namespace=k8s.io", "tasks", "kill"]
        subprocess.run([*command, "--signal=SIGKILL", container], env=self.environment, check=True, timeout=30)

    def logs(self) -> str:
        """Return the ends of the servers' logs."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-2000:]}" for file in files)


def obstacle() -> str:
    """Return why there can't be a node here; empty if there probably can."""
    if os.geteuid():
        return "root is needed: for containers, networks and mounts of its own"
    missing = [name for name in ("apt-get", "dpkg", "ip", "nsenter", "unshare", "openssl") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} would be needed"
    return "another node runs here" if Path(f"/sys/class/net/{LINK}").exists() else ""


def unpacked() -> Path:
    """Return the folder with Debian's containerd, network plug-ins and registry."""
    return debian.unpacked("node", PACKAGES)


@contextlib.contextmanager
def link() -> Generator[None]:
    """Yield while this machine has its address, `HOST`, on a link to a node that is still to come."""
    debian.call("ip", "link", "add", LINK, "type", "veth", "peer", "name", "apm-node-peer")
    try:
        debian.call("ip", "address", "add", f"{HOST}/30", "dev", LINK)
        debian.call("ip", "link", "set", LINK, "up")
        yield
    finally:
        subprocess.run(["ip", "link", "delete", LINK], capture_output=True, check=False)  # gone with the node


@contextlib.contextmanager
def node(registry: str) -> Generator[Node]:
    """Yield a node that is Ready, within `link()`; `registry` is the address of the registry that it pulls from.

    Raises:
        UnavailableError: the node doesn't come up; the text holds the ends of its logs.
    """
    folder = Path(tempfile.mkdtemp(prefix="apm-node-")).resolve()
    for path in OWN_FOLDERS:
        Path(path).mkdir(parents=True, exist_ok=True)
    environment = _environment()
    _settings(folder, registry)
    with (folder / "node.log").open("wb") as log:
        process = subprocess.Popen(
            [*ISOLATED.split(), sys.executable, "-m", "tests.rigs.node_inside", str(folder)],
            cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=_end_with_us,
        )  # fmt: skip
    found = Node(folder, process.pid, environment)
    try:
        _hand_over(process.pid)
        _wait(found, process)
        yield found
    finally:
        process.kill()  # and with it every process, container, mount and link of the node
        process.wait()
        _clean(folder)


def _environment() -> dict[str, str]:
    root = unpacked()
    libraries = ":".join(sorted({str(file.parent) for file in root.glob("usr/lib/*/lib*.so*")}))
    path = f"{cache.programs()}:{root}/usr/bin:{root}/usr/sbin:{os.environ['PATH']}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "LD_LIBRARY_PATH": libraries}


def _settings(folder: Path, registry: str) -> None:
    (folder / "settings.json").write_text(json.dumps({"registry": REGISTRY, "cni": f"{unpacked()}/usr/lib/cni"}))
    mirror = folder / "registries" / "_default" / "hosts.toml"
    mirror.parent.mkdir(parents=True)
    mirror.write_text(f'[host."{registry}"]\n  capabilities = ["pull", "resolve"]\n')


def _end_with_us() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _hand_over(pid: int) -> None:
    """Give the other end of the link to the node, as soon as it has a network of its own."""
    ours, theirs = Path("/proc/self/ns/net"), Path(f"/proc/{pid}/ns/net")
    while theirs.readlink() == ours.readlink():
        time.sleep(0.01)
    debian.call("ip", "link", "set", "apm-node-peer", "name", "eth0", "netns", str(pid))
    for network in (PODS, SERVICES):
        debian.call("ip", "route", "replace", network, "via", NODE, "dev", LINK)


def _wait(found: Node, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    ready = [
        "kubectl",
        f"--kubeconfig={found.kubeconfig}",
        "wait",
        "--for=condition=Ready",
        "node/node",
        "--timeout=5s",
    ]
    while subprocess.run(ready, env=found.environment, capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > end:
            raise UnavailableError(f"no node comes up here:\n{found.logs()}")
        time.sleep(0.2)


def _clean(folder: Path) -> None:
    """Remove the groups that the kubelet made, in every hierarchy, and the folder; mounts ended with the node."""
    end = time.monotonic() + 10
    while (left := sorted(Path("/sys/fs/cgroup").glob("**/kubepods"))) and time.monotonic() < end:
        for group in left:
            inner = sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True)
            subprocess.run(["rmdir", *inner, group], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)
