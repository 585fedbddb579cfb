"""The test cluster itself: its nodes take pods, and it doesn't outlive the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import STAND_IN
from tests.rigs.api_server import ApiServer
from tests.rigs.tools import tool

PATIENCE_SECONDS = 30
LABELS = {"app": "smoke"}
CONTAINER = {"name": "main", "image": "registry.example.com/smoke:1"}
SMOKE: Mapping[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "smoke", "namespace": "default"},
    "spec": {
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}},
    },
}


@pytest.fixture
def owner() -> Generator[subprocess.Popen[bytes]]:
    """A process that a cluster can belong to."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_deployment_becomes_available(server: ApiServer) -> None:
    assert not server.apply(SMOKE).refusal
    end = time.monotonic() + PATIENCE_SECONDS
    while not server.read(SMOKE).body.get("status", {}).get("availableReplicas"):
        assert time.monotonic() < end, server.read(SMOKE).body
        time.sleep(0.1)


def test_cluster_ends_with_its_owner(owner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    tool("kube-apiserver")
    environment = {**os.environ, "KIND_STATE": str(tmp_path), "KIND_OWNER": str(owner.pid)}
    _kind(environment, "create", "cluster", "--name=owned", f"--kubeconfig={tmp_path / 'kubeconfig'}")
    assert _kind(environment, "get", "clusters") == "owned\n"
    owner.kill()
    owner.wait()
    end = time.monotonic() + PATIENCE_SECONDS
    while _kind(environment, "get", "clusters").strip():
        assert time.monotonic() < end
        time.sleep(0.2)


def _kind(environment: Mapping[str, str], *arguments: str) -> str:
    return subprocess.check_output([sys.executable, STAND_IN, *arguments], env=environment, text=True)
