"""`python -m runtime report`: asked of a real Prometheus where there is one, and of a server that answers like it."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

from runtime.__main__ import main
from tests.rigs.processes import Processes, free_ports, stopping
from tests.rigs.tools import tool


@dataclass
class Server:
    """What was asked, and what is answered."""

    address: str = ""
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict[str, Any])
    asked: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Path, content type and body of each request."""


@contextmanager
def _serving() -> Generator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.asked.append((self.path, self.headers["Content-Type"], body))
            self.send_response(found.status)
            self.end_headers()
            self.wfile.write(json.dumps(found.answer).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def prometheus() -> Iterator[Server]:
    """A server that answers as Prometheus does."""
    with _serving() as server:
        server.answer = _both(_vector({"outcome": "failed"}, "3.4"), _vector({"outcome": "a|<b>"}, "12"))
        yield server


@pytest.fixture
def recipient() -> Iterator[Server]:
    """A server that takes reports."""
    with _serving() as server:
        yield server


def _vector(labels: dict[str, str], value: str) -> dict[str, Any]:
    return {"metric": labels, "value": [1, value]}


def _both(*result: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": list(result)}}


def _report(folder: Path, prometheus: str, form: str = "markdown", kind: str = "webhook", promql: str = "up") -> str:
    path = folder / "report.yaml"
    document = {
        "name": "weekly",
        "title": "Runs of the week",
        "prometheus": prometheus,
        "format": form,
        "queries": [{"title": "Runs", "promql": promql, "decimals": 1}],
        "recipients": [{"name": "reports/slack", "kind": kind, "addressEnv": "REPORT_ADDRESS_0"}],
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def _run(path: str, address: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("REPORT_ADDRESS_0", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return main(["report", "--document", path])


def test_a_report_is_asked_written_and_sent(
    prometheus: Server, recipient: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run(_report(tmp_path, prometheus.address), recipient.address, monkeypatch) == 0
    (path, _, body), *_ = prometheus.asked
    assert (path, parse_qs(body)["query"]) == ("/api/v1/query", ["up"])
    (_, kind, text), *more = recipient.asked
    assert not more
    assert kind == "text/markdown; charset=utf-8"
    lines = text.splitlines()
    assert (lines[0], lines[4]) == ("# Runs of the week", "## Runs")
    assert lines[6:] == [
        "| outcome | value |",
        "| --- | ---: |",
        r"| a\|\<b\> | 12.0 |",
        "| failed | 3.4 |",
    ]


def test_csv_and_html(prometheus: Server, recipient: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prometheus.answer = _both(_vector({"outcome": "=1+1"}, "NaN"), _vector({"queue": "<b>"}, "2"))
    for form in ("csv", "html"):
        assert _run(_report(tmp_path, prometheus.address, form), recipient.address, monkeypatch) == 0
    (_, _, table), (_, kind, page) = recipient.asked
    head, first, second = table.splitlines()
    assert head == "report,at,table,outcome,queue,value"
    assert first.split(",")[2:] == ["Runs", "", "<b>", "2.0"]
    assert second.split(",")[2:] == ["Runs", "'=1+1", "", "-"]
    assert kind == "text/html; charset=utf-8"
    assert "<td>&lt;b&gt;</td><td>2.0</td>" in page


def test_slack_gets_a_message(
    prometheus: Server, recipient: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _report(tmp_path, prometheus.address, kind="slack")
    assert _run(path, recipient.address, monkeypatch) == 0
    text = json.loads(recipient.asked[0][2])["text"]
    assert text.startswith("*Runs of the week*\n```\n")
    assert "| failed | 3.4 |" in text


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (400, {"status": "error", "error": "parse error"}, 'Prometheus refuses "Runs": parse error'),
        (200, {"status": "success", "data": {"resultType": "matrix", "result": []}}, "gives a matrix"),
    ],
)
def test_nothing_is_sent_when_prometheus_refuses(
    status: int, answer: dict[str, Any], message: str, prometheus: Server, recipient: Server, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    prometheus.status, prometheus.answer = status, answer
    assert _run(_report(tmp_path, prometheus.address), recipient.address, monkeypatch) == 1
    assert message in capsys.readouterr().err
    assert not recipient.asked


def test_a_recipient_that_refuses_fails_the_job_and_its_address_is_not_shown(
    prometheus: Server, recipient: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    recipient.status = 410
    assert _run(_report(tmp_path, prometheus.address), f"{recipient.address}/secret-token", monkeypatch) == 1
    said = capsys.readouterr()
    assert "not taken by reports/slack (HTTP 410)" in said.err
    assert "secret-token" not in said.err + said.out


def test_an_address_that_is_not_set_is_told_before_anything_is_asked(
    prometheus: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(_report(tmp_path, prometheus.address), "", monkeypatch) == 1
    assert "the address of reports/slack is not set" in capsys.readouterr().err
    assert not prometheus.asked


def test_a_real_prometheus_is_asked(
    real: str, recipient: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promql = 'label_replace(vector(41.96), "queue", "default", "", "")'
    assert _run(_report(tmp_path, real, promql=promql), recipient.address, monkeypatch) == 0
    assert "| default | 42.0 |" in recipient.asked[0][2]


def test_a_real_prometheus_refuses_what_is_no_expression(
    real: str, recipient: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(_report(tmp_path, real, promql="sum("), recipient.address, monkeypatch) == 1
    assert 'Prometheus refuses "Runs": ' in capsys.readouterr().err


@pytest.fixture
def real(tmp_path: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes nothing."""
    program, (port,) = tool("prometheus"), free_ports(1)
    (tmp_path / "prometheus.yml").write_text("{}\n")
    with stopping(Processes(tmp_path)) as processes:
        flags = {"config.file": tmp_path / "prometheus.yml", "storage.tsdb.path": tmp_path / "data"}
        arguments = (f"--{name}={value}" for name, value in flags.items())
        processes.start(program, *arguments, f"--web.listen-address=127.0.0.1:{port}")
        address = f"http://127.0.0.1:{port}"
        _await(f"{address}/-/ready", processes)
        yield address


def _await(url: str, processes: Processes) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert not processes.dead()
        try:
            with urllib.request.urlopen(url) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(f"{url} is not ready")
