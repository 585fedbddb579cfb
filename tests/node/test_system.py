"""The reference system in a real cluster: from a commit to containers that do what the specs say, and back."""

import json
import time
from typing import Any

import pytest

from generator.cluster.k8s import ROLES
from tests.node.cluster import NAMESPACE, visitor
from tests.node.images import RUNTIME
from tests.node.system import System, until
from tests.rigs.confinement import PROBE, assert_confined
from tests.rigs.live import Object, path, path_of

CYCLE = {
    "projectId": "invoices",
    "requirement": "Post the invoices of suppliers within one working day",
    "attended": False,
    "maxRevisions": 1,
}
MOVEMENT = {"eventId": "E-1", "productId": "P-1", "warehouseId": "W-1", "quantity": -3}
REACH = """
import socket, sys
try:
    socket.create_connection(({host!r}, {port}), timeout=3).close()
    print('reached')
except TimeoutError:
    print('dropped')
except OSError as error:
    print(type(error).__name__)
"""
API = "apm-multi-agent-api.valeo-neuroerp-staging.svc.cluster.local"
STORE = "apm-mongo-svc.mongodb.svc.cluster.local"


def test_every_pod_runs_the_image_that_the_specs_name(system: System) -> None:
    digest = system.images.digests[RUNTIME]
    for role in ROLES:
        (pod,) = system.pods(role)
        (status,) = pod["status"]["containerStatuses"]
        assert (status["ready"], status["restartCount"]) == (True, 0)
        assert status["imageID"].endswith(digest)


def test_doctor_compares_what_the_node_runs_with_what_is_rendered(system: System) -> None:
    names = [f"apm-multi-agent-{role}" for role in ROLES]
    assert _told_of_images(system, names) == {("ok", f"1 pod of {name} runs the rendered images") for name in names}
    digest, other = system.images.digests[RUNTIME], f"sha256:{'a' * 64}"
    system.delivery.edit("specs/runtime.yaml", digest, other)
    try:
        told = _told_of_images(system, names)
    finally:
        system.delivery.edit("specs/runtime.yaml", other, digest)
    assert {state for state, _ in told} == {"problem"}
    (pod,) = system.pods("api")
    says = f"{pod['metadata']['name']} ({pod['spec']['containers'][0]['name']}: {digest[:19]}...)"
    assert ("problem", f"no pod of apm-multi-agent-api runs the rendered image: {says}") in told


def _told_of_images(system: System, names: list[str]) -> set[tuple[str, str]]:
    """Return what `apm doctor` says of the images of some Deployments."""
    where = ("--env", "staging", "--kubeconfig", str(system.node.kubeconfig))
    done = system.apm("doctor", *where, "--only", "images", "--format", "json")
    assert done.stdout, done.stderr
    said = [(one["state"], one["message"]) for one in json.loads(done.stdout)["findings"]]
    return {one for one in said if any(f"of {name} " in one[1] for name in names)}


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_is_confined_as_rendered(system: System, role: str) -> None:
    (pod,) = system.pods(role)
    assert_confined(system.execute(pod["metadata"]["name"], PROBE))


def test_the_indexes_job_has_completed(system: System) -> None:
    (job,) = (m for m in system.delivery.manifests("staging", "state") if m["kind"] == "Job")
    assert system.live.get(path_of(job))["status"]["succeeded"] == 1


def test_the_whole_cycle_completes_in_the_cluster(system: System, notes: list[str]) -> None:
    start = time.monotonic()
    done = system.apm("run", "apm-cycle", "--input", json.dumps(CYCLE), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "succeeded", found
    assert {step["path"].split("/")[1] for step in found["path"]} >= {"van", "plan", "create", "implement", "reflect"}
    notes.append(f"apm-cycle through the API: {time.monotonic() - start:.1f} s for {len(found['path'])} steps")


def test_prometheus_scrapes_every_role_and_knows_every_alert(system: System) -> None:
    rules = [m for m in system.delivery.manifests("staging", "monitoring") if m["kind"] == "PrometheusRule"]
    written = {
        rule["alert"] for m in rules for group in m["spec"]["groups"] for rule in group["rules"] if "alert" in rule
    }
    place = "/api/v1/namespaces/monitoring/services/prometheus:http-tcp/proxy/api/v1"
    up = until(lambda: _series(system, place, "up"), lambda found: sorted(found.values()) == ["1", "1", "1"])
    assert set(up) == set(ROLES)
    known = system.live.get(f"{place}/rules")["data"]["groups"]
    assert {r["name"] for group in known for r in group["rules"] if r["type"] == "alerting"} == written
    assert all(r["health"] == "ok" for group in known for r in group["rules"] if r["health"] != "unknown")
    ended = until(
        lambda: _series(system, place, 'sum by (component) (apm_runs_total{outcome="succeeded"})'),
        lambda found: any(float(value) > 0 for value in found.values()),
    )
    assert ended


def _series(system: System, place: str, query: str) -> dict[str, str]:
    found = system.live.get(f"{place}/query", query=query)["data"]["result"]
    return {one["metric"].get("component", ""): one["value"][1] for one in found}


@pytest.fixture(scope="module")
def visitors(system: System) -> dict[str, str]:
    """Pods that the API's rules let in, and that they do not."""
    image = f"registry.valeo-neuroerp.example/{RUNTIME}@{system.images.digests[RUNTIME]}"
    ingress = visitor("ingress", "ingress-nginx", {"app.kubernetes.io/name": "ingress-nginx"}, image)
    stranger = visitor("stranger", "strangers", {"app.kubernetes.io/name": "ingress-nginx"}, image)
    for pod in (ingress, stranger):
        name = pod["metadata"]["namespace"]
        system.live.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
                          path("v1", "Namespace", name))  # fmt: skip
        system.live.until(path("v1", "ServiceAccount", "default", name), lambda found: True)
        system.live.apply(json.dumps(pod), path_of(pod))
    for pod in (ingress, stranger):
        system.live.until(path_of(pod), lambda found: found.get("status", {}).get("phase") == "Running")
    return {"ingress": "ingress-nginx", "stranger": "strangers"}


def test_only_those_reach_each_other_who_are_meant_to(system: System, visitors: dict[str, str]) -> None:
    (api,), (worker,) = system.pods("api"), system.pods("worker")
    seen = {
        "ingress to api": _reach(system, "ingress", visitors["ingress"], API, 8080),
        "stranger to api": _reach(system, "stranger", visitors["stranger"], API, 8080),
        "api to store": _reach(system, api["metadata"]["name"], NAMESPACE, STORE, 27017),
        "worker to store": _reach(system, worker["metadata"]["name"], NAMESPACE, STORE, 27017),
        "worker to api": _reach(system, worker["metadata"]["name"], NAMESPACE, API, 8080),
        "worker to Kubernetes": _reach(system, worker["metadata"]["name"], NAMESPACE, "10.96.0.1", 443),
        "api to Kubernetes": _reach(system, api["metadata"]["name"], NAMESPACE, "10.96.0.1", 443),
    }
    assert seen == {
        "ingress to api": "reached",
        "stranger to api": "dropped",
        "api to store": "reached",
        "worker to store": "reached",
        "worker to api": "dropped",
        "worker to Kubernetes": "dropped",
        "api to Kubernetes": "dropped",
    }


def _reach(system: System, pod: str, namespace: str, host: str, port: int) -> str:
    return system.execute(pod, REACH.format(host=host, port=port), namespace).strip()


def test_runs_of_a_worker_that_is_killed_are_taken_over(system: System, notes: list[str]) -> None:
    with system.api() as api:
        ids = _started(api, 4)
        until(lambda: _states(api, ids), lambda found: "running" in found.values() or "succeeded" in found.values())
        (worker,) = system.pods("worker")
        start = time.monotonic()
        system.node.kill(worker["status"]["containerStatuses"][0]["containerID"].removeprefix("containerd://"))
        ended = until(lambda: _states(api, ids), lambda found: set(found.values()) == {"succeeded"})
        attempts = [_shown(api, id_)["attempt"] for id_ in ended]
    assert max(attempts) > 1, attempts
    assert max(attempts) <= 3, attempts
    notes.append(f"4 runs, worker killed: all succeeded {time.monotonic() - start:.0f} s later")


def test_a_merged_spec_changes_the_next_run_and_loses_none(system: System, notes: list[str]) -> None:
    """Pods are replaced while runs are under way: each goes on elsewhere, and none has burnt an attempt."""
    delivery = system.delivery
    before = {pod["metadata"]["uid"] for pod in system.pods()}
    with system.api() as api:
        ids = _started(api, 4)
        delivery.edit("specs/workflows/erp-stock-movement.yaml", "Confidence {{", "Merged: confidence {{")
        start = time.monotonic()
        commit = delivery.publish("Another question")
        delivery.deliver("staging", commit, "runtime")
        seconds = time.monotonic() - start
    with system.api() as api:
        ended = until(lambda: _states(api, ids), lambda found: set(found.values()) == {"succeeded"})
        assert {_shown(api, id_)["attempt"] for id_ in ended} == {1}
        started = api.post("/runs", json={"workflow": "erp-stock-movement", "input": MOVEMENT}).json()
        waiting = until(lambda: _shown(api, started["id"]), lambda found: found["state"] == "waiting")
        assert "Merged: confidence 40 of 100" in json.dumps(waiting["waiting"])
        answered = api.post(f"/runs/{started['id']}/answer", json={"value": "reject"})
        assert answered.status_code == 200, answered.text
        until(lambda: _shown(api, started["id"]), lambda found: found["state"] == "succeeded")
    after = until(system.pods, lambda found: len(found) == len(ROLES))
    assert before.isdisjoint(pod["metadata"]["uid"] for pod in after)
    images = {pod["spec"]["containers"][0]["image"] for pod in after}
    assert images == {f"registry.valeo-neuroerp.example/{RUNTIME}@{system.images.digests[RUNTIME]}"}
    notes.append(f"a merged spec was live, all pods replaced, {seconds:.0f} s after the push")


def _started(api: Any, count: int) -> list[str]:
    answers = [api.post("/runs", json={"workflow": "apm-cycle", "input": CYCLE}) for _ in range(count)]
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    return [answer.json()["id"] for answer in answers]


def _states(api: Any, ids: list[str]) -> dict[str, str]:
    found: list[Object] = api.get("/runs", params={"limit": 500}).json()["runs"]
    states = {run["id"]: run["state"] for run in found if run["id"] in ids}
    assert not {"failed", "cancelled", "timeout"} & set(states.values()), states
    return states


def _shown(api: Any, id_: str) -> Object:
    return api.get(f"/runs/{id_}").json()
