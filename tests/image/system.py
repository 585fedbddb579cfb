"""The reference system in its staging environment, with containers for pods and the embedded store for MongoDB."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from runtime.contract import PORT
from tests.rigs import rendered
from tests.rigs.docker import Docker
from tests.rigs.pods import Pods
from tests.rigs.processes import free_ports

ENVIRONMENT = "staging"
API_KEY = "a-key-of-this-test"
START_SECONDS = 120
"""As the rendered startup probe: 60 times 2 seconds."""
REPLIES = {
    "agents": {
        "stock-controller": [
            {
                "checks": {"stock": "open", "storagePlace": "ok", "batch": "ok"},
                "storagePlace": "B-12",
                "status": "in_stock",
                "warning": "Less is there than is to be taken.",
                "confidence": 40,
            }
        ]
    }
}
"""Not sure, so that a person is asked."""


@dataclass(frozen=True)
class Pod:
    """A container that runs as a rendered Deployment says."""

    role: str
    container: str
    url: str
    seconds: float
    """From its start to the first answer of `/healthz`."""
    cpu: str
    grace: int
    """Seconds from SIGTERM to SIGKILL."""


@dataclass(frozen=True)
class System:
    docker: Docker
    pods: Mapping[str, Pod]
    """By role."""
    indexes: str
    """What the indexes Job printed."""

    def api(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return httpx.Client(base_url=self.pods["api"].url, headers=headers, timeout=10, trust_env=False)

    def log(self, role: str) -> str:
        found = self.docker.attempt("logs", self.pods[role].container)
        return found.stdout + found.stderr


@contextlib.contextmanager
def running(docker: Docker, image: str, folder: Path) -> Generator[System]:
    """Start everything in the order of the sync waves, and remove it again."""
    folder.chmod(0o755)
    manifests = [item.manifest for item in rendered.items(ENVIRONMENT)]
    started: list[str] = []
    try:
        with _store(docker.gateway, folder) as store:
            known = _pods(manifests, folder, store)
            indexes = _indexes(docker, image, known, manifests)
            pods: dict[str, Pod] = {}
            for deployment in manifests:
                if deployment["kind"] == "Deployment":
                    pod = _start(docker, image, known, deployment, folder, started)
                    pods[pod.role] = pod
            yield System(docker, pods, indexes)
    finally:
        for container in started:
            docker("rm", "--force", "--volumes", container)


def _pods(manifests: list[Mapping[str, Any]], folder: Path, store: str) -> Pods:
    documents = {found["metadata"]["name"]: found["data"] for found in manifests if found["kind"] == "ConfigMap"}
    secrets = {"mongodb-credentials/uri": store, "apm-api-keys/keys": f"ada admin {API_KEY}\n"}
    return Pods(folder / "volumes", documents, secrets)


@contextlib.contextmanager
def _store(address: str, folder: Path) -> Generator[str]:
    """Run the embedded store where containers reach it."""
    [port] = free_ports(1)
    (folder / "store").mkdir()
    program = "import sys; from nx_27017.nx_27017 import main; sys.exit(main())"
    files = [f"--data-dir={folder}/store", f"--log-file={folder}/store.log", f"--pid-file={folder}/store.pid"]
    command = [sys.executable, "-c", program, f"--host={address}", f"--port={port}", *files]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        yield f"mongodb://{address}:{port}/?directConnection=true"
    finally:
        process.terminate()
        process.wait(30)


def _indexes(docker: Docker, image: str, known: Pods, manifests: list[Mapping[str, Any]]) -> str:
    """Run the Job to its end, again if the store wasn't up yet: as a Job's `backoffLimit` would."""
    [job] = [found for found in manifests if found["kind"] == "Job"]
    options, arguments = known.arguments("indexes", job["spec"]["template"]["spec"])
    refusals: list[str] = []
    while len(refusals) < job["spec"]["backoffLimit"]:
        found = docker.attempt("run", "--rm", *options, image, *arguments)
        if found.returncode == 0:
            return found.stdout
        refusals.append(found.stdout + found.stderr)
    raise AssertionError("the indexes Job fails:\n" + "\n".join(refusals))


def _start(
    docker: Docker, image: str, known: Pods, deployment: Mapping[str, Any], folder: Path, started: list[str]
) -> Pod:
    spec = deployment["spec"]["template"]["spec"]
    role = deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
    options, arguments = known.arguments(role, spec)
    options += _scripted(folder) if role == "worker" else []
    start = time.monotonic()
    container = docker("run", "--detach", *options, image, *arguments)
    started.append(container)
    address = docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)
    url = f"http://{address}:{PORT}"
    _wait(docker, container, url)
    cpu = spec["containers"][0]["resources"]["limits"]["cpu"]
    return Pod(role, container, url, time.monotonic() - start, cpu, spec["terminationGracePeriodSeconds"])


def _scripted(folder: Path) -> list[str]:
    """What is not as rendered: there's no model to be had."""
    file = folder / "replies.yaml"
    file.write_text(yaml.safe_dump(REPLIES))
    mount = f"--mount=type=bind,source={file},target=/etc/apm/replies.yaml,readonly"
    return ["--env=APM_PROVIDER=scripted", "--env=APM_REPLIES=/etc/apm/replies.yaml", mount]


def _wait(docker: Docker, container: str, url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz", timeout=3, trust_env=False).status_code == 200:
                return
        alive = docker("inspect", "--format={{.State.Running}}", container) == "true"
        if not alive or time.monotonic() > end:
            logs = docker.attempt("logs", container)
            raise AssertionError(f"it doesn't answer:\n{(logs.stdout + logs.stderr)[-4000:]}")
        time.sleep(0.05)
