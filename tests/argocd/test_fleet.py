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
def fleet(delivery: Delivery, staging: dict[str, Object]) -> Generator[Delivery]:
    """The delivery, with what the page says applied; the ApplicationSet is gone in the end, and git as it was."""
    assert staging
    before = delivery.repository.head
    delivery.argo.start_applicationsets()
    manifests = _documented()
    for manifest in reversed(manifests):  # the project first
        delivery.live.apply(json.dumps(manifest), path_of(manifest))
    yield delivery
    if delivery.live.find(path_of(manifests[0])):
        delivery.live.delete(path_of(manifests[0]), orphan=True)
    delivery.repository.git("read-tree", "-u", "--reset", before)
    if delivery.repository.git("status", "--porcelain"):
        delivery.repository.commit("Back to the reference system")
    delivery.deliver("staging", delivery.repository.head)


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
    fleet.abandon("canary")
    _take_away(fleet)


def _take_away(fleet: Delivery) -> None:
    """Delete the ApplicationSet as the page says: it owns the parents, also those that were there before it."""
    parent, place = fleet.argo.application(fleet.name("staging", "argocd")), path_of(_documented()[0])
    owned = fleet.live.get(parent)["metadata"]
    assert [owner["kind"] for owner in owned["ownerReferences"]] == ["ApplicationSet"]
    fleet.live.delete(place, orphan=True)
    fleet.live.until_gone(place)
    left = fleet.live.until(parent, lambda found: not found["metadata"].get("ownerReferences"))["metadata"]
    assert (left["uid"], left.get("deletionTimestamp")) == (owned["uid"], None)


def _announce(fleet: Delivery) -> None:
    """Tell the controller of a push, as a webhook would."""
    note = "argocd.argoproj.io/application-set-refresh"
    place = path_of(_documented()[0])
    fleet.live.patch(place, {"metadata": {"annotations": {note: "true"}}})
    fleet.live.until(place, lambda found: note not in found["metadata"].get("annotations", {}))


def _is_as_rendered(fleet: Delivery, environment: str) -> None:
    """Wait until every Application of an environment is there and what is rendered, its parent too."""
    manifests = fleet.manifests(environment, "argocd")
    fleet.live.until(fleet.argo.application(fleet.name(environment, "argocd")), bool)
    fleet.announce(environment, "argocd")
    for manifest in manifests:
        fleet.live.until(path_of(manifest), lambda found, spec=manifest["spec"]: found["spec"] == spec)
    names = {m["metadata"]["name"] for m in manifests if m["kind"] == "Application"}
    assert fleet.name(environment, "argocd") in names
