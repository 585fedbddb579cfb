"""One real node, one Argo CD and one repository for all tests here, with the staging system delivered into it.

Asked for with APM_NODE_TEST=1 (`make e2e-node`), where whatever keeps it from being tested is a failure. What is not as
in production: the embedded store instead of MongoDB, replies from a file instead of a model (staging's specs say so in
this repository), Argo CD beside the cluster and not in it, a small engine for NetworkPolicies, and written measurements
for the autoscalers.
"""

import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml

from generator.cluster.prerequisites import APPLICATION_HEALTH
from tests.argocd.delivery import FIRST_SYNC_SECONDS, REPO_URL, Delivery
from tests.node import cluster
from tests.node.images import RUNTIME, Images, published
from tests.node.system import System, forwarded
from tests.rigs import node as rig
from tests.rigs import pod_metrics
from tests.rigs.argocd import ArgoCd, argocd
from tests.rigs.cache import REPOSITORY
from tests.rigs.debian import UnavailableError
from tests.rigs.git_proxy import git_proxy
from tests.rigs.git_repository import GitRepository
from tests.rigs.live import Live, path
from tests.rigs.node import Node
from tests.rigs.node_inside import HOST, NODE
from tests.rigs.registry import registry
from tests.rigs.tools import tool, tool_folder

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SCRIPTED = "{provider: scripted, model: null, endpoint: null, secret: null, replies: staging.replies.yaml}"
MODELS = ("analysis-low", "creative", "review")
UNSURE = {
    "checks": {"stock": "open", "storagePlace": "ok", "batch": "ok"},
    "storagePlace": "B-12",
    "status": "in_stock",
    "warning": "Less is there than is to be taken.",
    "confidence": 40,
}
"""What the stock controller says, so that a person is asked."""


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory, notes: list[str]) -> Images:
    """The images, in the cached registry."""
    if os.environ.get("APM_NODE_TEST") != "1":
        pytest.skip(rig.obstacle() or "takes some minutes, so it has to be asked for: `make e2e-node`")
    if reason := rig.obstacle():
        pytest.fail(reason, pytrace=False)
    for name in (*rig.PROGRAMS, "prometheus", "argocd-application-controller"):
        tool(name)
    start = time.monotonic()
    try:
        with registry("127.0.0.1", tmp_path_factory.mktemp("push")) as found:
            result = published(found)
    except UnavailableError as reason:
        pytest.fail(str(reason), pytrace=False)
    notes.append(f"images in the registry after {time.monotonic() - start:.0f} s")
    return result


@pytest.fixture(scope="session")
def node(images: Images, tmp_path_factory: pytest.TempPathFactory, notes: list[str]) -> Generator[Node]:
    """A node that pulls from our registry, with an engine for NetworkPolicies."""
    start = time.monotonic()
    assert images.digests
    with ExitStack() as stack:
        stack.enter_context(rig.link())
        source = stack.enter_context(registry(HOST, tmp_path_factory.mktemp("pull"), readonly=True))
        found = stack.enter_context(rig.node(source.url))
        command = found.inside(sys.executable, "-m", "tests.rigs.network_policies", found.kubeconfig)
        log = stack.enter_context((found.folder / "policies.log").open("wb"))
        engine = subprocess.Popen(command, cwd=REPOSITORY, env=found.environment, stdout=log, stderr=log)
        stack.callback(engine.wait)
        stack.callback(engine.terminate)
        notes.append(f"a node, ready after {time.monotonic() - start:.1f} s")
        yield found


@pytest.fixture(scope="session")
def live(node: Node) -> Generator[Live]:
    """The cluster's objects; it knows our custom resources."""
    token = yaml.safe_load(node.kubeconfig.read_text())["users"][0]["user"]["token"]
    trusted = ssl.create_default_context(cafile=str(node.folder / "tls.crt"))
    headers = {"Authorization": f"Bearer {token}"}
    url = f"https://{NODE}:6443"
    with httpx.Client(base_url=url, verify=trusted, headers=headers, timeout=30, trust_env=False) as client:
        files = sorted(tool_folder("crds").glob("*.yaml"))
        node.kubectl("apply", "--server-side", *(f"--filename={file}" for file in files))
        found = Live(client)
        for definition in found.get(DEFINITIONS)["items"]:  # `kubectl wait` fails on one without any condition yet
            found.until(f"{DEFINITIONS}/{definition['metadata']['name']}", pod_metrics.established)
        with pod_metrics.metrics_server(found):  # an autoscaler without one is Degraded, and so is its Application
            yield found


@pytest.fixture(scope="session")
def repository(images: Images, tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """The reference system, with the digest of the image that was built, and a staging that is answered by a script."""
    found = GitRepository(tmp_path_factory.mktemp("git"))
    found.create()
    for name in ("specs", "policies"):
        shutil.copytree(REPOSITORY / name, found.tree / name, ignore=shutil.ignore_patterns("tests"))
    (found.tree / ".gitignore").write_text(".apm/\n")
    _replace(found.tree / "specs/runtime.yaml", f"sha256:{'0' * 64}", images.digests[RUNTIME])
    script = yaml.safe_load((REPOSITORY / "specs/tests/apm-cycle.replies.yaml").read_text())
    script["agents"]["stock-controller"] = [UNSURE]
    (found.tree / "specs/models/staging.replies.yaml").write_text(yaml.safe_dump(script))
    lines = "".join(f"      {name}: {SCRIPTED}\n" for name in MODELS)
    _replace(found.tree / "specs/environments/staging.yaml", "  overlay:\n", f"  overlay:\n    Model:\n{lines}")
    return found


@pytest.fixture(scope="session")
def delivery(
    repository: GitRepository, live: Live, node: Node, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Delivery]:
    """What is rendered is pushed, and Argo CD can read it at its production address."""
    with argocd(live, node.kubeconfig, tmp_path_factory.mktemp("argocd")) as argo:
        found = Delivery(repository, argo)
        found.publish("Staging, on this image")
        with git_proxy(repository.origin, tmp_path_factory.mktemp("proxy")) as proxy:
            argo.trust(REPO_URL, proxy)
            argo.set_health("argoproj.io_Application", APPLICATION_HEALTH)
            yield found


@pytest.fixture(scope="session")
def system(delivery: Delivery, node: Node, images: Images, notes: list[str]) -> Generator[System]:
    """Staging, synced by Argo CD and healthy, reached as `kubectl port-forward` reaches it."""
    live = delivery.live
    manifests = delivery.manifests("staging")
    others = [*cluster.names(images), *cluster.store(images), *cluster.prometheus(images, manifests)]
    cluster.apply(live, [*others, *(m for m in manifests if m["kind"] == "Namespace"), *cluster.secrets(manifests)])
    start = time.monotonic()
    for place, name in (("kube-system", "coredns"), ("mongodb", "mongodb")):
        live.until(path("apps/v1", "Deployment", name, place), lambda found: found["status"].get("readyReplicas") == 1)
    notes.append(f"names and store up after {time.monotonic() - start:.1f} s")
    start = time.monotonic()
    delivery.bootstrap("staging", "argocd")
    delivery.arrived("staging", delivery.repository.head, delivery.groups("staging"), FIRST_SYNC_SECONDS)
    notes.append(f"staging synced and healthy {time.monotonic() - start:.1f} s after the bootstrap")
    with forwarded(node, cluster.NAMESPACE, "service/apm-multi-agent-api", 8080) as url:
        yield System(node, delivery, images, url)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
    file.write_text(text.replace(old, new))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[object]) -> Generator[None, object]:
    """Show the state of the cluster and the ends of its logs with a failure."""
    outcome = yield
    found = getattr(item, "funcargs", {})
    report = outcome.get_result()  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType,reportUnknownVariableType]
    if report.failed and isinstance(found.get("node"), Node):  # pyright: ignore[reportUnknownMemberType]
        pods = found["node"].kubectl("get", "pods,events", "--all-namespaces", "--output=wide")
        report.sections.append(("cluster", pods + found["node"].logs()))  # pyright: ignore[reportUnknownMemberType]
    if report.failed and isinstance(found.get("argo"), ArgoCd):  # pyright: ignore[reportUnknownMemberType]
        report.sections.append(("Argo CD", found["argo"].logs()))  # pyright: ignore[reportUnknownMemberType]
