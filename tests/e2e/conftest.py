"""What the tests against real programs share: a cluster, and what the repository renders."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pytest_kind import KindCluster

from tests.rigs import rendered
from tests.rigs.api_server import ApiServer
from tests.rigs.cache import REPOSITORY
from tests.rigs.rendered import Item
from tests.rigs.tools import tool, tool_folder

ESTABLISHED = '--for=jsonpath={.status.conditions[?(@.type=="Established")].status}=True'
"""`--for=condition=Established` fails on a definition that has no condition at all yet."""
STAND_IN = REPOSITORY / "tests" / "rigs" / "kind"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[KindCluster]:
    """A cluster that knows our custom resources: kind's own where docker and kind are there, else the stand-in."""
    kubectl, definitions = tool("kubectl"), tool_folder("crds")
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIND_STATE", str(folder))
        patch.setenv("KIND_OWNER", str(os.getpid()))
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # the stand-in asks for python3
        with contextlib.chdir(folder):  # pytest-kind makes a folder where it stands
            cluster = KindCluster(f"apm-{os.getpid()}", folder / "kubeconfig", kind_path=_kind(), kubectl_path=kubectl)
        try:
            cluster.create()
            _define(cluster, definitions)
            yield cluster
        finally:
            cluster.delete()


@pytest.fixture(scope="session")
def server(cluster: KindCluster) -> ApiServer:
    """The cluster's API server, with every namespace that a rendered object stands in."""
    api = ApiServer(cluster)
    items = [item for environment in rendered.ENVIRONMENTS for item in rendered.items(environment)]
    ours = {item.manifest["metadata"]["name"]: item.manifest for item in items if item.kind == "Namespace"}
    for name in sorted({item.namespace for item in items if item.namespace} | set(ours)):
        reply = api.apply(ours.get(name) or _namespace(name))
        assert not reply.refusal, reply.refusal
    return api


def per_item(*kinds: str) -> pytest.MarkDecorator:
    """Run a test once for each rendered object, of these kinds only if any are named."""
    found = [item for environment in rendered.ENVIRONMENTS for item in rendered.items(environment)]
    chosen: list[Item] = [item for item in found if not kinds or item.kind in kinds]
    return pytest.mark.parametrize("item", chosen, ids=str)


def _kind() -> Path:
    kind, docker = shutil.which("kind"), shutil.which("docker")
    usable = kind and docker and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0
    return Path(kind) if kind and usable else STAND_IN


def _define(cluster: KindCluster, definitions: Path) -> None:
    """Server-side, since some definitions are too large for the annotation that a plain apply leaves."""
    kubectl: Callable[..., str] = getattr(cluster, "kubectl")  # noqa: B009 - the package says nothing about types
    kubectl("apply", "--server-side", "-f", str(definitions))
    kubectl("wait", ESTABLISHED, "--timeout=60s", "-f", str(definitions))


def _namespace(name: str) -> dict[str, object]:
    """A namespace that others own, such as Argo CD's."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
