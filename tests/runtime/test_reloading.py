"""Workflow documents that change while real processes serve them: who gets which version, and what is refused."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.app.reloading import Reloading
from runtime.contract import WorkflowDocument
from runtime.load import Source, folder, stamp
from runtime.problems import Failure
from runtime.telemetry import Telemetry
from tests.runtime.conftest import workflow
from tests.runtime.processes import counted, role, served, until, write

ASKED = """
output: {said: "%s", who: "${steps.review.output.decision}"}
steps: [{id: review, approval: {message: "Well?", options: [accept, reject], assignees: [ops]}}]
"""
OLD, NEW = workflow(ASKED % "old"), workflow(ASKED % "new")
TAKEN, REFUSED = (f'apm_specs_changed_total{{outcome="{outcome}"}}' for outcome in ("taken", "refused"))


@pytest.fixture
def roles(tmp_path: Path) -> Generator[dict[str, str]]:
    """Addresses of an API, a worker and a scheduler that serve the old document from a folder."""
    write(tmp_path, OLD)
    with ExitStack() as stack:
        yield {name: stack.enter_context(role(tmp_path, name))[1] for name in ("api", "worker", "scheduler")}


def started(address: str) -> str:
    response = httpx.post(f"{address}/runs", json={"workflow": "main", "input": {}})
    assert response.status_code == 201, response.text
    return response.json()["id"]


def run(address: str, id_: str) -> dict[str, Any]:
    return httpx.get(f"{address}/runs/{id_}").json()


def answered(address: str, id_: str) -> dict[str, Any]:
    until(lambda: run(address, id_)["state"] == "waiting")
    httpx.post(f"{address}/runs/{id_}/answer", json={"value": "accept", "by": "ada"}).raise_for_status()
    until(lambda: run(address, id_)["state"] == "succeeded")
    return run(address, id_)["output"]


def test_new_runs_take_a_new_version_and_those_under_way_keep_theirs(tmp_path: Path, roles: dict[str, str]) -> None:
    api = roles["api"]
    before = started(api)
    until(lambda: run(api, before)["state"] == "waiting")
    write(tmp_path, NEW)
    for address in roles.values():
        until(lambda address=address: served(address) == {"main": NEW.digest})
    after = started(api)
    assert answered(api, before) == {"said": "old", "who": "accept"}
    assert answered(api, after) == {"said": "new", "who": "accept"}
    assert [counted(address, TAKEN) for address in roles.values()] == [1, 1, 1]


def test_a_wrong_document_is_refused_and_the_one_from_before_goes_on(tmp_path: Path, roles: dict[str, str]) -> None:
    (tmp_path / "specs/main.yaml").write_text("format: apm.workflow/v1\nname: [")
    for name, address in roles.items():
        until(lambda address=address: counted(address, REFUSED) == 1)
        assert "main.yaml cannot be read" in (tmp_path / f"{name}.log").read_text()
        assert served(address) == {"main": OLD.digest}
    assert answered(roles["api"], started(roles["api"]))["said"] == "old"
    write(tmp_path, NEW)  # the next change is looked at again
    until(lambda: served(roles["api"]) == {"main": NEW.digest})


def test_a_workflow_that_is_taken_away_starts_no_run_and_ends_those_it_has(
    tmp_path: Path, roles: dict[str, str]
) -> None:
    api = roles["api"]
    id_ = started(api)
    write(tmp_path, workflow(ASKED % "other", name="other"))
    (tmp_path / "specs/main.yaml").unlink()
    until(lambda: list(served(api)) == ["other"])
    refused = httpx.post(f"{api}/runs", json={"workflow": "main", "input": {}})
    assert (refused.status_code, refused.json()["type"]) == (404, "not-found")
    assert answered(api, id_)["said"] == "old"


# --- without processes ------------------------------------------------------------------------------------------------


def nothing(document: WorkflowDocument) -> None:
    del document


async def test_files_that_are_still_being_written_are_not_taken(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    telemetry = Telemetry()
    found = Reloading(folder(tmp_path / "specs"))
    write(tmp_path, NEW)
    await found.look(telemetry, nothing)
    assert found.served["main"].digest == OLD.digest
    write(tmp_path, workflow(ASKED % "newer"))
    await found.look(telemetry, nothing)
    assert found.served["main"].digest == OLD.digest
    await found.look(telemetry, nothing)
    assert found.served["main"].digest == workflow(ASKED % "newer").digest
    assert telemetry.value("apm_specs_changed_total", outcome="taken") == 1


async def test_a_document_that_its_worker_cannot_compile_is_refused(tmp_path: Path) -> None:
    def wrong(document: WorkflowDocument) -> None:
        raise Failure(document.name)

    write(tmp_path, OLD)
    telemetry = Telemetry()
    found = Reloading(folder(tmp_path / "specs"))
    write(tmp_path, NEW)
    await found.look(telemetry, wrong)
    await found.look(telemetry, wrong)
    assert found.served["main"].digest == OLD.digest
    assert telemetry.value("apm_specs_changed_total", outcome="refused") == 1


async def test_half_of_a_change_is_refused_as_a_whole() -> None:
    """A workflow and its sub-workflow change together, or not at all."""
    sub = workflow("steps: [{id: s, function: text-statistics, with: {text: x}}]", name="sub")
    top = workflow("steps: [{id: s, workflow: sub}]", workflows={"sub": sub.digest})
    says: list[dict[str, WorkflowDocument]] = [{"sub": sub, "main": top}]
    found = Reloading(Source(lambda: says[-1], lambda: len(says)))
    says.append({"sub": NEW.model_copy(update={"name": "sub"}), "main": top})
    await found.look(Telemetry(), nothing)
    await found.look(Telemetry(), nothing)
    assert dict(found.served) == says[0]


def test_a_changed_config_map_has_another_stamp(tmp_path: Path) -> None:
    """The kubelet changes one link; names, sizes and times of what it leads to may be the same."""
    for name in ("..one", "..two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.yaml").write_text(name)
    (tmp_path / "..data").symlink_to("..one")
    (tmp_path / "main.yaml").symlink_to("..data/main.yaml")
    before = stamp(tmp_path)
    assert stamp(tmp_path) == before
    (tmp_path / "..new").symlink_to("..two")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert stamp(tmp_path) != before
