"""One cluster, one Argo CD and one repository for all tests here; each test starts from what the reference system says.

The cluster is always the local control plane with simulated nodes, never kind: a kubelet would try to pull images that
nobody has published, and nothing would ever become healthy.
"""

import re
import shutil
import ssl
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from generator.cluster.prerequisites import APPLICATION_HEALTH
from tests.argocd.delivery import FIRST_SYNC_SECONDS, REPO_URL, Delivery
from tests.rigs import pod_metrics
from tests.rigs.argocd import ArgoCd, argocd
from tests.rigs.cache import REPOSITORY
from tests.rigs.control_plane import ControlPlane, control_plane
from tests.rigs.git_proxy import git_proxy
from tests.rigs.git_repository import GitRepository
from tests.rigs.live import Live, Object, path
from tests.rigs.tools import tool, tool_folder


@pytest.fixture(scope="session")
def plane() -> Generator[ControlPlane]:
    """A cluster of our own: Argo CD would undo what other tests write into theirs."""
    for name in ("kube-apiserver", "argocd-application-controller"):
        tool(name)
    with control_plane() as found:
        yield found


@pytest.fixture(scope="session")
def live(plane: ControlPlane) -> Generator[Live]:
    """The cluster's objects; it knows our custom resources, and how much CPU pods use."""
    trusted = ssl.create_default_context(cafile=str(plane.folder / "tls.crt"))
    headers = {"Authorization": f"Bearer {plane.token}"}
    with httpx.Client(base_url=plane.url, verify=trusted, headers=headers, timeout=30, trust_env=False) as client:
        found = Live(client)
        for file in sorted(tool_folder("crds").glob("*.yaml")):
            _define(found, file.read_text())
        with pod_metrics.metrics_server(found):
            yield found


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """A repository with the reference system's specs, as they are now; without WorkflowTests, which render nothing."""
    found = GitRepository(tmp_path_factory.mktemp("git"))
    found.create()
    for name in ("specs", "policies"):
        shutil.copytree(REPOSITORY / name, found.tree / name, ignore=shutil.ignore_patterns("tests"))
    (found.tree / ".gitignore").write_text(".apm/\n")
    return found


@pytest.fixture(scope="session")
def argo(live: Live, plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Generator[ArgoCd]:
    """A running Argo CD that knows no repository and no Application yet."""
    with argocd(live, plane.kubeconfig, tmp_path_factory.mktemp("argocd")) as found:
        yield found


@pytest.fixture(scope="session")
def delivery(repository: GitRepository, argo: ArgoCd, tmp_path_factory: pytest.TempPathFactory) -> Generator[Delivery]:
    """What is rendered is pushed, and Argo CD can read it at its production address."""
    found = Delivery(repository, argo)
    found.publish("Reference system")
    with git_proxy(repository.origin, tmp_path_factory.mktemp("proxy")) as proxy:
        argo.trust(REPO_URL, proxy)
        yield found


@pytest.fixture(scope="session")
def production(delivery: Delivery) -> dict[str, Object]:
    """Production's Applications after their first sync, by an Argo CD that doesn't wait between Applications."""
    delivery.argo.set_health("argoproj.io_Application", None)
    delivery.bootstrap("production")
    return _first_sync(delivery, "production")


@pytest.fixture(scope="session")
def staging(delivery: Delivery, production: dict[str, Object]) -> dict[str, Object]:
    """Staging's Applications after their first sync, from the parent alone, with the health rule of HANDOVER.md."""
    assert production
    delivery.argo.set_health("argoproj.io_Application", APPLICATION_HEALTH)
    delivery.bootstrap("staging", "argocd")
    return _first_sync(delivery, "staging")


@pytest.fixture
def system(delivery: Delivery, staging: dict[str, Object]) -> Generator[Delivery]:
    """The delivery, with staging as the reference system says, which is restored and delivered again in the end."""
    assert staging
    before = delivery.repository.head
    yield delivery
    delivery.repository.git("checkout", "--force", "--quiet", "main")
    delivery.repository.git("clean", "--force", "-d", "--quiet")
    delivery.repository.git("read-tree", "-u", "--reset", before)
    if delivery.repository.git("status", "--porcelain"):
        commit = delivery.repository.commit("Back to the reference system")
        delivery.deliver("staging", commit)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any]:
    """Show the ends of Argo CD's logs with a failure."""
    outcome = yield
    argo = getattr(item, "funcargs", {}).get("argo")
    if isinstance(argo, ArgoCd) and (report := outcome.get_result()).failed:
        report.sections.append(("Argo CD", argo.logs()))


def _first_sync(delivery: Delivery, environment: str) -> dict[str, Object]:
    groups = delivery.groups(environment)
    return delivery.arrived(environment, delivery.repository.head, groups, FIRST_SYNC_SECONDS)


def _define(live: Live, text: str) -> None:
    (name,) = re.findall(r"^  name: (\S+)$", text, re.MULTILINE)  # not parsed: a lone = in one is no YAML 1.1 text
    where = path("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
    live.apply(text, where)
    live.until(where, pod_metrics.established)
