"""The reference system through the whole runtime: store, checkpoints, effects ledger, HTTP. Replies are scripted."""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from runtime import cli
from runtime.contract import WorkflowDocument
from tests.specs.harness import ROOT, documents

CYCLE = (
    "start", "van", "route",
    "plan", "create", "implement", "reflect", "decide", "count", "revise",
    "plan", "create", "implement", "reflect", "decide", "complete", "hand-over",
)  # fmt: skip


def started(name: str, state: Path, found: Mapping[str, WorkflowDocument] | None = None) -> cli.RunResult:
    """Run a workflow with the input and the replies that are shipped."""
    value = json.loads((ROOT / "examples" / "inputs" / f"{name}.json").read_text())
    replies = ROOT / "specs" / "tests" / f"{name}.replies.yaml"
    return cli.run(found or documents(), name, value, state_dir=state, provider="scripted", replies=replies)


def test_the_cycle_takes_exactly_this_path(tmp_path: Path) -> None:
    found = started("apm-cycle", tmp_path)
    assert found.problem is None
    assert tuple(part.path.removeprefix("apm-cycle/") for part in found.path if part.path.count("/") == 1) == CYCLE
    assert found.status == "succeeded"
    assert (found.output["outcome"], found.output["revisions"]) == ("complete", 1)
    inside = {part.path for part in found.path if part.outcome == "succeeded"}
    assert "apm-cycle/plan/assess/risk-assessment" in inside
    assert "apm-cycle/create/solutions/solution" in inside


# --- postings against a server that stands in for the ERP ------------------------------------------------------------


@contextmanager
def erp(*statuses: int) -> Generator[tuple[str, list[tuple[str, str, Any]]]]:
    """Yield address and requests (path, idempotency key, body) of a server that answers with these, the last again."""
    requests: list[tuple[str, str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.path, self.headers["Idempotency-Key"], body))
            answer = b'{"document": "D-1"}'
            self.send_response(statuses[min(len(requests), len(statuses)) - 1])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class calls it so)
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def at(address: str, name: str) -> dict[str, WorkflowDocument]:
    """Return the workflow with its HTTP tools pointing at another server."""
    written = documents()[name].model_dump(by_alias=True)
    for tool in written["tools"].values():
        if tool["http"]:
            tool["http"]["url"] = address + "/" + tool["http"]["url"].split("/", 3)[3]
    return {name: WorkflowDocument.model_validate(written)}


POSTINGS = [
    ("erp-posting", "/api/v1/transactions", "posting-T-1"),
    ("erp-stock-movement", "/api/v1/inventory", "inventory-E-1"),
    ("erp-article-master", "/api/v1/documents", "article-A-1-2"),
    ("erp-batch-trace", "/api/v1/documents", "batch-B-1-R-1"),
]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APM_SECRET_ERP_API_KEY", "stand-in")


@pytest.mark.parametrize(("name", "path", "key"), POSTINGS)
def test_a_posting_reaches_the_erp_once(name: str, path: str, key: str, tmp_path: Path) -> None:
    with erp(201) as (address, requests):
        found = started(name, tmp_path, at(address, name))
    assert found.problem is None
    assert [(where, sent) for where, sent, _ in requests] == [(path, key)]


def test_a_posting_is_repeated_with_the_same_key_until_the_erp_is_back(tmp_path: Path) -> None:
    with erp(503, 503, 201) as (address, requests):
        found = started("erp-posting", tmp_path, at(address, "erp-posting"))
    assert found.output["outcome"] == "posted"
    assert [key for _, key, _ in requests] == ["posting-T-1"] * 3
    assert requests[0] == requests[2]


def test_a_posting_that_the_erp_refuses_is_not_repeated(tmp_path: Path) -> None:
    with erp(422) as (address, requests):
        found = started("erp-posting", tmp_path, at(address, "erp-posting"))
    assert found.status == "failed"
    assert len(requests) == 1
