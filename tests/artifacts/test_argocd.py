"""What Argo CD is allowed is what can be rendered: not less, or a sync fails, and not more."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from generator import conventions
from generator.model import Resource
from generator.pipeline import Built, resources
from tests.artifacts.conftest import deployed, objects_of

Object = dict[str, Any]


@pytest.fixture(params=["staging", "production"])
def environment(request: pytest.FixtureRequest) -> str:
    return request.param


def _named(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = (o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)
    return found


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _allowed(objects: list[Object], project: str) -> set[tuple[str, str]]:
    spec = _named(objects, "AppProject", project)["spec"]
    both = [*spec.get("clusterResourceWhitelist", []), *spec["namespaceResourceWhitelist"]]
    return {(item["group"], item["kind"]) for item in both}


def _rendered(built: Built, environment: str, *, parent: bool) -> set[tuple[str, str]]:
    items = [item for item in resources(built.environments[environment].project) if isinstance(item, Resource)]
    return {(_group(item.api_version), item.kind) for item in items if (item.group == "argocd") == parent}


def test_every_deployed_environment_is_tested(reference: Built) -> None:
    assert set(deployed(reference)) == {"staging", "production"}


def test_project_allows_the_kinds_that_are_rendered_and_what_specs_may_come_to(
    reference: Built, environment: str
) -> None:
    """A kind stays allowed when its last object goes, or Argo CD could not delete that."""
    allowed = _allowed(objects_of(reference, environment), f"apm-{environment}")
    rendered = _rendered(reference, environment, parent=False)
    assert rendered <= allowed
    assert allowed - rendered <= {("", "PersistentVolumeClaim"), ("external-secrets.io", "ExternalSecret")}


def test_parent_project_allows_argocd_objects_only(reference: Built, environment: str) -> None:
    allowed = _allowed(objects_of(reference, environment), f"apm-{environment}-parent")
    assert allowed == _rendered(reference, environment, parent=True)


def test_cluster_wide_objects_are_allowed_by_name(reference: Built, environment: str) -> None:
    objects = objects_of(reference, environment)
    allowed = _named(objects, "AppProject", f"apm-{environment}")["spec"]["clusterResourceWhitelist"]
    wide = [o for o in objects if "namespace" not in o["metadata"]]
    assert wide
    for one in wide:
        names = [a["name"] for a in allowed if (a["group"], a["kind"]) == (_group(one["apiVersion"]), one["kind"])]
        assert any(fnmatchcase(one["metadata"]["name"], name) for name in names), one["metadata"]["name"]


def test_what_another_environment_has_cluster_wide_is_not_allowed(reference: Built) -> None:
    """Although the name of production's namespace is how the one of staging begins."""
    objects = objects_of(reference, "production")
    allowed = _named(objects, "AppProject", "apm-production")["spec"]["clusterResourceWhitelist"]
    others = [o["metadata"]["name"] for o in objects_of(reference, "staging") if "namespace" not in o["metadata"]]
    assert others
    assert not [name for name in others if any(fnmatchcase(name, item["name"]) for item in allowed)]


def test_project_allows_the_namespaces_that_are_rendered_into(reference: Built, environment: str) -> None:
    objects = objects_of(reference, environment)
    projects = [o for o in objects if o["kind"] == "AppProject"]
    allowed = {d["namespace"] for p in projects for d in p["spec"]["destinations"]}
    assert allowed == {o["metadata"]["namespace"] for o in objects if "namespace" in o["metadata"]}


def test_there_is_an_application_for_each_folder(reference: Built, environment: str) -> None:
    applications = [o for o in objects_of(reference, environment) if o["kind"] == "Application"]
    paths = {a["spec"]["source"]["path"] for a in applications}
    folders = {f"rendered/{path.rpartition('/')[0]}" for path in reference.environments[environment].files}
    assert paths == {folder for folder in folders if not folder.startswith(f"rendered/{environment}/docs")}


def test_waves_follow_the_order_of_groups(reference: Built, environment: str) -> None:
    waves: dict[str, int] = {}
    for one in (o for o in objects_of(reference, environment) if o["kind"] == "Application"):
        wave = one["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        waves[one["spec"]["source"]["path"].rpartition("/")[2]] = int(wave)
    assert sorted(waves, key=waves.__getitem__) == [group for group in conventions.GROUPS if group in waves]


def test_what_an_application_applied_goes_with_it_but_for_the_parent(reference: Built, environment: str) -> None:
    for one in (o for o in objects_of(reference, environment) if o["kind"] == "Application"):
        parent = one["metadata"]["name"].endswith("-argocd")
        expected = [] if parent else ["resources-finalizer.argocd.argoproj.io/foreground"]
        assert one["metadata"].get("finalizers", []) == expected


def test_retries_take_the_newest_revision(reference: Built, environment: str) -> None:
    for one in (o for o in objects_of(reference, environment) if o["kind"] == "Application"):
        assert one["spec"]["syncPolicy"]["retry"]["refresh"] is True


def test_state_is_never_pruned(reference: Built, environment: str) -> None:
    kept = ("Namespace", "PersistentVolumeClaim", "AppProject")
    found = [o for o in objects_of(reference, environment) if o["kind"] in kept]
    assert found
    for one in found:
        options = one["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert options == "Prune=false,Delete=false", one["metadata"]["name"]


def test_replicas_are_ignored_where_an_autoscaler_sets_them(reference: Built, environment: str) -> None:
    objects = objects_of(reference, environment)
    scaled = {o["spec"]["scaleTargetRef"]["name"] for o in objects if o["kind"] == "HorizontalPodAutoscaler"}
    spec = _named(objects, "Application", f"apm-{environment}-runtime")["spec"]
    assert {rule["name"] for rule in spec["ignoreDifferences"]} == scaled
    deployments = {o["metadata"]["name"]: o["spec"] for o in objects if o["kind"] == "Deployment"}
    assert {name for name, spec in deployments.items() if "replicas" not in spec} == scaled


def test_server_side_diff_is_off(reference: Built, environment: str) -> None:
    for one in (o for o in objects_of(reference, environment) if o["kind"] == "Application"):
        assert "ServerSideApply=true" in one["spec"]["syncPolicy"]["syncOptions"]
        assert "ServerSideDiff" not in str(one)
