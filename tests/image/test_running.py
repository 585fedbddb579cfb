"""The image runs as rendered: read-only, without a privilege, and all the way through a workflow."""

import json
import time
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from generator.cluster.k8s import ROLES
from tests.image.system import API_KEY, System
from tests.rigs.confinement import PROBE, assert_confined

ROLE = pytest.mark.parametrize("role", ROLES)
MOVEMENT = {"eventId": "E-1", "productId": "P-1", "warehouseId": "W-1", "quantity": -3}
RUN_SECONDS = 60


@ROLE
def test_it_answers_what_probes_and_prometheus_ask(system: System, role: str) -> None:
    with httpx.Client(base_url=system.pods[role].url, timeout=10, trust_env=False) as client:
        assert client.get("/healthz").json() == {"alive": True}
        ready = client.get("/readyz")
        metrics = client.get("/metrics").text
    assert (ready.status_code, ready.json()["store"]) == (200, True)
    assert "erp-stock-movement" in ready.json()["specs"]
    assert any(family.name.startswith("apm_") for family in text_string_to_metric_families(metrics))


@ROLE
def test_its_process_is_confined_as_rendered(system: System, role: str) -> None:
    container = system.pods[role].container
    assert_confined(system.docker("exec", container, "/opt/apm/bin/python", "-c", PROBE))


def test_only_the_worker_may_write_files(system: System) -> None:
    program = "import pathlib; pathlib.Path('/var/lib/apm/files/x').write_text('x')"
    for role in ROLES:
        code = system.docker.attempt(
            "exec", system.pods[role].container, "/opt/apm/bin/python", "-c", program
        ).returncode
        assert (code == 0) == (role == "worker")


def test_indexes_are_made_by_the_rendered_job(system: System) -> None:
    assert "indexes of the runtime" in system.indexes
    assert "artefacts" in system.indexes


def test_the_api_refuses_without_a_key(system: System) -> None:
    url = f"{system.pods['api'].url}/runs"
    assert httpx.post(url, json={"workflow": "erp-stock-movement"}, trust_env=False).status_code == 401


def test_a_run_goes_through_api_and_worker(system: System, notes: list[str]) -> None:
    start = time.monotonic()
    with system.api() as api:
        started = api.post("/runs", json={"workflow": "erp-stock-movement", "input": MOVEMENT})
        assert started.status_code == 201, started.text
        place = started.headers["location"]
        waiting = _until(api, place, "waiting", system)
        assert "Confidence 40 of 100" in json.dumps(waiting)
        answered = api.post(f"{place}/answer", json={"value": "reject"})
        assert answered.status_code == 200, answered.text
        ended = _until(api, place, "succeeded", system)
    assert ended["output"]["outcome"] == "rejected"
    assert ended["output"]["decidedBy"] == "ada"
    notes.append(f"a run with a model's reply and a person's answer took {time.monotonic() - start:.1f} s")


@ROLE
def test_it_ends_in_time_when_told_to(system: System, role: str, notes: list[str]) -> None:
    """Last, since nothing runs afterwards."""
    pod, start = system.pods[role], time.monotonic()
    system.docker("stop", f"--time={pod.grace}", pod.container, seconds=pod.grace + 30)
    seconds = time.monotonic() - start
    state = json.loads(system.docker("inspect", "--format={{json .State}}", pod.container))
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False), system.log(role)
    assert seconds < pod.grace
    assert API_KEY not in system.log(role)
    assert "Traceback" not in system.log(role)
    notes.append(f"{role} ends {seconds:.1f} s after SIGTERM, with exit code 0")


def _until(api: httpx.Client, place: str, state: str, system: System) -> dict[str, Any]:
    end = time.monotonic() + RUN_SECONDS
    while True:
        found = api.get(place).json()
        if found["state"] == state:
            return found
        assert time.monotonic() < end, f"not {state}: {found}\n{system.log('worker')}"
        assert found["state"] not in ("failed", "cancelled"), f"{found}\n{system.log('worker')}"
        time.sleep(0.1)
