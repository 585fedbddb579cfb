"""A group that grows too large for one Application is divided, and put together again, and nothing is deleted by it."""

from generator import conventions
from tests.argocd.delivery import Delivery, compared_and_synced, conditions, healthy
from tests.rigs.live import path_of

STAGING, SECOND = "specs/environments/staging.yaml", "specs/second-runtime.yaml"
REVISION, HELD = "    revision: main\n", "    revision: main\n    prune: false\n"
DIVIDED = f"{HELD}    shards: {{runtime: 2, monitoring: 2}}\n"
RUNTIME = """\
apiVersion: apm/v1
kind: Runtime
metadata: {name: audit, owner: devops, description: Stays in the first part when its group is divided.}
spec:
  image: {name: apm-runtime, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
  workflows: [erp-batch-trace]
  stateStore: apm-mongo
  apiKeys: apm-api-keys/keys
  api: {replicas: {min: 2, max: 2}}
  worker: {replicas: {min: 2, max: 2}}
  scheduler: {replicas: {min: 2, max: 2}}
"""


def test_objects_move_between_applications_and_stay_the_same_objects(system: Delivery) -> None:
    """By the three changes that `apm explain application-size` names, there and back; then pruning works again."""
    (system.tree / SECOND).write_text(RUNTIME)
    _deliver(system, REVISION, HELD)
    before = _uids(system)
    _deliver(system, HELD, DIVIDED)
    assert {"runtime", "runtime-1", "monitoring", "monitoring-1"} <= set(system.groups("staging"))
    assert system.manifests("staging", "runtime-1")
    assert _uids(system) == before
    _deliver(system, "    prune: false\n    shards", "    shards")
    assert _uids(system) == before
    assert system.strays("staging") == []
    _deliver(system, DIVIDED.replace("    prune: false\n", ""), DIVIDED)
    _deliver(system, DIVIDED, HELD, leaving=("runtime-1", "monitoring-1"))
    _deliver(system, HELD, REVISION)
    system.live.until_gone(system.argo.application(system.name("staging", "runtime-1")))
    assert _uids(system) == before
    assert system.strays("staging") == []
    audit = [m for m in system.manifests("staging", "runtime") if m["metadata"]["name"].startswith("audit-")]
    assert audit
    (system.tree / SECOND).unlink()
    system.deliver("staging", system.publish("No second runtime"), "runtime")
    for manifest in audit:
        system.live.until_gone(path_of(manifest))


def _deliver(system: Delivery, old: str, new: str, *, leaving: tuple[str, ...] = ()) -> None:
    """Change staging's Argo CD and wait until every Application is synced to that.

    Not the parent while some are `leaving`: it still has them to prune. They take back what has left them, until they
    say that their path is gone.
    """
    system.edit(STAGING, old, new)
    commit = system.publish(f"{new.strip()} instead of {old.strip()}")
    system.announce("staging")
    for group in leaving:
        system.argo.refresh(system.name("staging", group))
        system.until("staging", group, lambda app: "ComparisonError" in conditions(app))
    if leaving:
        system.announce("staging")
    for group in system.groups("staging"):
        if group != "argocd" or not leaving:
            system.until("staging", group, lambda app: compared_and_synced(app, commit) and healthy(app))


def _uids(system: Delivery) -> dict[str, str]:
    """Return what makes each object the same one, of those that can move."""
    folders = [f for f in system.groups("staging") if f.partition("-")[0] in ("policy", "runtime", "monitoring")]
    assert all(map(conventions.is_group, folders))
    places = map(path_of, system.manifests("staging", *folders))
    return {place: system.live.get(place)["metadata"]["uid"] for place in places}
