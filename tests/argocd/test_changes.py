"""A change of a spec that is merged reaches the cluster, whole and in order; undoing it brings back what was."""

from tests.argocd.delivery import Delivery, conditions, grace_seconds, synced_by_operation
from tests.rigs.live import Object, path, path_of

WORKFLOW = "specs/workflows/erp-batch-trace.yaml"
RUNTIME = "specs/runtime.yaml"
STAGING = "specs/environments/staging.yaml"
ROLES = ("api", "scheduler", "worker")


def test_changed_spec_rolls_out(system: Delivery) -> None:
    before = {role: system.live.get(_deployment(system, role)) for role in ROLES}
    system.edit(RUNTIME, "grace: 120s", "grace: 90s")
    system.deliver("staging", system.publish("Less time to end"), "runtime")
    assert system.strays("staging") == []
    for role, old in before.items():
        now = system.live.until(_deployment(system, role), _rolled_out)
        assert grace_seconds(now) == grace_seconds(old) - 30
        assert _revision(now) == _revision(old) + 1


def test_immutable_document_changes_by_a_new_name(system: Delivery) -> None:
    """And the old one goes last, when no pod needs it any more."""
    old = _documents(system)
    since = system.live.get("/api/v1/namespaces")["metadata"]["resourceVersion"]
    system.edit(WORKFLOW, "maxTokens: 20000", "maxTokens: 30000")
    system.deliver("staging", system.publish("A larger budget"), "runtime")
    new = _documents(system)
    (gone,), (come,) = old - new, new - old
    assert gone.rpartition("-")[0] == come.rpartition("-")[0]
    assert system.live.get(come)["immutable"] is True
    deleted = next(e["object"] for e in system.live.events(gone, since) if e["type"] == "DELETED")
    for role in ROLES:
        states = (event["object"] for event in system.live.events(_deployment(system, role), since))
        done = next(state for state in states if come.rpartition("/")[2] in str(state["spec"]) and _rolled_out(state))
        assert _version(done) < _version(deleted), f"{role} still had pods of the old revision"


def test_removed_spec_is_pruned(system: Delivery) -> None:
    (document,) = (place for place in _documents(system) if "erp-batch-trace" in place)
    (system.tree / WORKFLOW).unlink()
    system.edit(RUNTIME, "    - erp-batch-trace\n", "")
    system.deliver("staging", system.publish("Nobody traces batches"), "runtime")
    system.live.until_gone(document)
    assert system.strays("staging") == []


def test_last_object_of_a_kind_is_pruned(system: Delivery) -> None:
    """Here the autoscaler, which goes where the least and the most pods are the same number."""
    (scaler,) = (m for m in system.manifests("staging", "runtime") if m["kind"] == "HorizontalPodAutoscaler")
    system.edit(STAGING, "worker: {replicas: {min: 1,", "worker: {replicas: {min: 2,")
    system.deliver("staging", system.publish("As many workers at all times"), "runtime")
    system.live.until_gone(path_of(scaler))
    assert system.live.until(_deployment(system, "worker"), _rolled_out)["spec"]["replicas"] == 2
    assert system.strays("staging") == []


def test_what_the_last_spec_of_a_group_rendered_is_pruned(system: Delivery) -> None:
    """The group's Application goes, and takes along what it applied."""
    cron_jobs = [m for m in system.manifests("staging", "backup") if m["kind"] == "CronJob"]
    _remove_backup(system)
    commit = system.publish("No backup")
    assert "backup" not in system.groups("staging")
    system.announce("staging")
    system.live.until_gone(system.argo.application(system.name("staging", "backup")))
    for manifest in cron_jobs:
        system.live.until_gone(path_of(manifest))
    system.arrived("staging", commit, ["argocd"])


def test_namespace_is_never_pruned(system: Delivery) -> None:
    """Not even when its file is deleted: Argo CD says that it doesn't match, and leaves it."""
    namespace, place = system.namespace("staging"), "/api/v1/namespaces/"
    uid = system.live.get(place + namespace)["metadata"]["uid"]
    (file,) = (system.tree / "rendered/staging/namespace").glob("*.yaml")
    head, *documents = file.read_text().split("\n---\n")
    file.write_text("\n---\n".join([head, *(text for text in documents if "kind: Namespace" not in text)]))
    commit = system.repository.commit("No namespace")
    system.announce("staging", "namespace")
    application = system.until("staging", "namespace", lambda app: app["status"]["sync"]["revision"] == commit)
    (resource,) = (r for r in application["status"]["resources"] if r["kind"] == "Namespace")
    assert resource["requiresPruning"]
    live = system.live.get(place + namespace)
    assert live["metadata"]["uid"] == uid
    assert "deletionTimestamp" not in live["metadata"]


def test_revert_brings_back_what_was(system: Delivery) -> None:
    before, documents = system.live.get(_deployment(system, "worker"))["spec"], _documents(system)
    system.edit(WORKFLOW, "maxTokens: 20000", "maxTokens: 40000")
    system.edit(RUNTIME, "grace: 120s", "grace: 60s")
    bad = system.publish("A change to regret")
    system.deliver("staging", bad, "runtime")
    assert _documents(system) != documents
    system.deliver("staging", system.repository.revert(bad), "runtime")
    assert _documents(system) == documents
    assert system.live.until(_deployment(system, "worker"), _rolled_out)["spec"] == before
    assert system.strays("staging") == []
    system.render()
    assert system.repository.git("status", "--porcelain") == "", "specs and rendered files were reverted together"


def test_what_was_tried_in_staging_is_promoted_by_a_merge(system: Delivery) -> None:
    """A build runs in staging; a branch made by `apm promote` brings it to production, and a revert takes it back."""
    git, digest = system.repository.git, f"sha256:{'7' * 64}"
    before = _images(system, "production")
    system.edit(STAGING, "      apm-multi-agent:\n", f"      apm-multi-agent:\n        image: {{digest: {digest!r}}}\n")
    tried = system.publish("A build to try")
    system.deliver("staging", tried, *_with_image(system, "staging"))
    assert all(image.endswith(digest) for image in _images(system, "staging"))
    assert _images(system, "production") == before
    git("checkout", "--quiet", "-b", "promote")
    system.apm("promote", "staging", "production")
    system.render()
    git("commit", "--quiet", "--all", "--message=What staging runs")
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--no-edit", "promote")
    merged = system.repository.push()
    system.deliver("production", merged, *_with_image(system, "production"))
    assert all(image.endswith(digest) for image in _images(system, "production"))
    git("revert", "--no-edit", "-m1", merged)
    system.deliver("production", system.repository.push(), *_with_image(system, "production"))
    assert _images(system, "production") == before
    assert system.strays("production") == []


def test_broken_file_reaches_nothing(system: Delivery) -> None:
    """Nothing of a commit is applied of which one file can't be read, here by a conflict; a new commit mends it."""
    before = system.live.get(_deployment(system, "worker"))["metadata"]["generation"]
    system.edit(RUNTIME, "grace: 120s", "grace: 30s")
    system.render()
    file = system.tree / "rendered/staging/runtime/workflow.stage-plan.yaml"
    sound = file.read_text()
    file.write_text(sound.replace("metadata:\n", "<<<<<<< ours\nmetadata:\n", 1))
    system.repository.commit("Merged in a hurry")
    system.announce("staging", "runtime")
    application = system.until("staging", "runtime", lambda app: "ComparisonError" in conditions(app))
    assert file.name in conditions(application)["ComparisonError"]
    assert system.live.get(_deployment(system, "worker"))["metadata"]["generation"] == before
    file.write_text(sound)
    mended = system.repository.commit("Mended")
    system.announce("staging", "runtime")
    system.until("staging", "runtime", lambda app: synced_by_operation(app, mended))
    assert system.strays("staging", "runtime") == []


def _remove_backup(system: Delivery) -> None:
    (system.tree / "specs/backup.yaml").unlink()
    system.edit("specs/state.yaml", "runtimeBackup: apm-daily", "runtimeBackup: null")
    system.edit("specs/state.yaml", "      backup: apm-daily", "      backup: null")
    system.edit("specs/memory.yaml", "  backup: apm-daily", "  backup: null")
    staging = system.tree / STAGING
    staging.write_text(staging.read_text().partition("    Backup:\n")[0])


def _documents(system: Delivery) -> set[str]:
    """Paths of the workflow documents in the cluster."""
    place = path("v1", "ConfigMap", "", system.namespace("staging"))
    names = [item["metadata"]["name"] for item in system.live.get(place.rstrip("/"))["items"]]
    return {place + name for name in names if name.startswith("workflow-")}


def _deployment(system: Delivery, role: str) -> str:
    return path("apps/v1", "Deployment", f"apm-multi-agent-{role}", system.namespace("staging"))


def _rolled_out(deployment: Object) -> bool:
    """Whether every pod is one of the newest revision, and ready."""
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration") == deployment["metadata"]["generation"] and counts == [wanted] * 3


def _revision(deployment: Object) -> int:
    return int(deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def _version(found: Object) -> int:
    """When an object became what it is, in an order that all objects of a cluster share."""
    return int(found["metadata"]["resourceVersion"])


def _with_image(system: Delivery, environment: str) -> list[str]:
    """Return the groups in which the runtime's image is named."""
    groups = system.groups(environment)
    return [g for g in groups if any("/apm-runtime@" in str(m) for m in system.manifests(environment, g))]


def _images(system: Delivery, environment: str) -> set[str]:
    namespace = system.namespace(environment)
    found = system.live.get(f"/apis/apps/v1/namespaces/{namespace}/deployments")["items"]
    return {container["image"] for item in found for container in item["spec"]["template"]["spec"]["containers"]}
