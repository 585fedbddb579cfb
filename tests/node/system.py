"""Staging in the cluster, as the people who use it see it."""

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.argocd.delivery import Delivery
from tests.node.cluster import API_KEY, NAMESPACE
from tests.node.images import Images
from tests.rigs.cache import REPOSITORY
from tests.rigs.live import Live, Object
from tests.rigs.node import Node

RUN_SECONDS = 180


@dataclass(frozen=True)
class System:
    """The delivered system."""

    node: Node
    delivery: Delivery
    images: Images
    url: str
    """Of the API, on this machine."""

    @property
    def live(self) -> Live:
        return self.delivery.live

    def pods(self, role: str = "") -> list[Object]:
        """Return the pods of a role, or all that run workflows."""
        query = "app.kubernetes.io/name=apm-multi-agent" + (f",app.kubernetes.io/component={role}" if role else "")
        return self.live.get(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=query)["items"]

    def execute(self, pod: str, program: str, namespace: str = NAMESPACE) -> str:
        """Return what a Python program prints in a pod."""
        return self.node.kubectl("exec", f"--namespace={namespace}", pod, "--", "/opt/apm/bin/python", "-c", program)

    def apm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `apm` against the cluster, in the repository of specs."""
        environment = {
            **self.node.environment, "PYTHONPATH": str(REPOSITORY), "APM_SERVER": self.url, "APM_API_KEY": API_KEY,
        }  # fmt: skip
        command = [sys.executable, "-m", "generator", *arguments]
        return subprocess.run(
            command, cwd=self.delivery.tree, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    @contextlib.contextmanager
    def api(self) -> Generator[httpx.Client]:
        """Yield a client of the API; every time through a new way in, because pods come and go."""
        headers = {"Authorization": f"Bearer {API_KEY}"}
        with (
            forwarded(self.node, NAMESPACE, "service/apm-multi-agent-api", 8080) as url,
            httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as client,
        ):
            yield client


def until(ask: Callable[[], Any], fits: Callable[[Any], bool], seconds: float = RUN_SECONDS) -> Any:
    """Return an answer as soon as it fits."""
    end = time.monotonic() + seconds
    while not fits(found := ask()):
        assert time.monotonic() < end, f"after {seconds} s: {json.dumps(found, default=str)[:3000]}"
        time.sleep(0.2)
    return found


@contextlib.contextmanager
def forwarded(node: Node, namespace: str, what: str, port: int) -> Generator[str]:
    """Yield the address on this machine that `kubectl port-forward` leads from."""
    command = [
        "kubectl",
        f"--kubeconfig={node.kubeconfig}",
        "port-forward",
        f"--namespace={namespace}",
        what,
        f":{port}",
    ]
    process = subprocess.Popen(
        command, env=node.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = process.stdout.readline() if process.stdout else ""
        found = re.search(r"127\.0\.0\.1:(\d+)", said)
        assert found, said
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        process.terminate()
        process.communicate(timeout=30)
