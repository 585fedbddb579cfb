"""The ApplicationSet of docs/gitops.md, taken out of that page and given to the real controller."""

import json
import re
from collections.abc import Generator
from typing import Any

import pytest
import yaml

from tests.argocd.delivery import REPO_URL, Delivery, conditions
from tests.rigs.cache import REPOSITORY
from tests.rigs.live import Object, path, path_of

STAGING, CANARY = "specs/environments/staging.yaml", "specs/environments/canary.yaml"
BLOCK = re.compile(r"```yaml\n(apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n.*?)```", re.DOTALL)


def _documented() -> list[Object]:
    (text,) = BLOCK.findall((REPOSITORY / "docs/gitops.md").read_text(encoding="utf-8"))
    found: list[Any] = list(yaml.safe_load_all(text.replace("https://git.example.com/agents.git", REPO_URL)))
    return found


@pytest.fixture
def fleet(delivery: Delivery) -> Generator[Delivery]:
    """The delivery, with what the page says applied; all of it is gone in the end, and git as it was."""
    before = delivery.repository.head
    delivery.argo.set_health("argoproj.io_Application", None)
    delivery.argo.start_applicationsets()
    manifests = _documented()
    for manifest in reversed(manifests):  # the project first
        delivery.live.apply(json.dumps(manifest), path_of(manifest))
    yield delivery
    delivery.live.delete(path_of(manifests[0]))
    delivery.repository.git("read-tree", "-u", "--reset", before)
    if delivery.repository.git("status", "--porcelain"):
        delivery.repository.commit("Back to the reference system")


def test_an_environment_in_git_gets_its_parent_and_the_parent_the_rest(fleet: Delivery) -> None:
    """Those that had theirs keep them; the new one becomes what is rendered; one that goes takes nothing along."""
    (fleet.tree / CANARY).write_text((fleet.tree / STAGING).read_text().replace("staging", "canary"))
    fleet.publish("One environment more")
    _announce(fleet)
    for environment in ("staging", "production", "canary"):
        _is_as_rendered(fleet, environment)
    namespace = path("v1", "Namespace", fleet.namespace("canary"))
    fleet.live.until(namespace, lambda found: found["status"]["phase"] == "Active")
    (fleet.tree / CANARY).unlink()
    fleet.repository.git("rm", "-r", "-q", "rendered/canary")
    fleet.publish("One environment less")
    _announce(fleet)
    parent = fleet.argo.application(fleet.name("canary", "argocd"))
    fleet.argo.refresh(fleet.name("canary", "argocd"))
    told = fleet.live.until(parent, lambda app: "ComparisonError" in conditions(app))
    assert "path does not exist" in conditions(told)["ComparisonError"]
    assert "deletionTimestamp" not in told["metadata"]
    assert "deletionTimestamp" not in fleet.live.get(namespace)["metadata"]
    _delete(fleet, "canary")


def _announce(fleet: Delivery) -> None:
    """Tell the controller of a push, as a webhook would."""
    note = "argocd.argoproj.io/application-set-refresh"
    place = path_of(_documented()[0])
    fleet.live.patch(place, {"metadata": {"annotations": {note: "true"}}})
    fleet.live.until(place, lambda found: note not in found["metadata"].get("annotations", {}))


def _is_as_rendered(fleet: Delivery, environment: str) -> None:
    """Wait until every Application of an environment is there and what is rendered, its parent too."""
    manifests = fleet.manifests(environment, "argocd")
    for manifest in manifests:
        fleet.live.until(path_of(manifest), lambda found, spec=manifest["spec"]: found["spec"] == spec)
    names = {m["metadata"]["name"] for m in manifests if m["kind"] == "Application"}
    assert fleet.name(environment, "argocd") in names


def _delete(fleet: Delivery, environment: str) -> None:
    """Take away what an environment left: its parent first, which takes along nothing."""
    found = fleet.live.get("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications")["items"]
    names = [app["metadata"]["name"] for app in found if app["metadata"]["name"].startswith(f"apm-{environment}-")]
    for name in sorted(names, key=lambda name: not name.endswith("-argocd")):
        fleet.live.delete(fleet.argo.application(name))
    for name in names:
        fleet.live.until_gone(fleet.argo.application(name))
