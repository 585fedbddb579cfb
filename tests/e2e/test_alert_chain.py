"""From a metric to a message and to a run that deals with it: Prometheus, Alertmanager and the runtime, as rendered.

Only what names the cluster is put here: addresses, files of secrets, and the time for which alerts are gathered.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import yaml

from tests.rigs import rendered
from tests.rigs.cache import REPOSITORY
from tests.rigs.processes import Processes, free_ports, stopping
from tests.rigs.tools import tool
from tests.runtime.processes import until

ENVIRONMENT = "staging"
KEY = "a-key-of-this-test"
GIVEN_UP = 'apm_dead_letters_total{{channel="orders-in"}} {}\n'
"""What the alert DeadLetters looks at; ten more at each scrape are critical at once."""


@pytest.fixture
def outside() -> Generator[tuple[str, list[Any]]]:
    """The address of a server that is both the pods that are scraped and Slack, and what Slack was told."""
    scrapes, told = count(), list[Any]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(GIVEN_UP.format(10 * next(scrapes)), "text/plain; version=0.0.4")

        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer("ok", "text/plain")

        def _answer(self, text: str, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", told
        server.shutdown()


@pytest.fixture
def runtime(tmp_path: Path) -> Generator[str]:
    """The address of a runtime with the reference system; its models answer from the file of a case."""
    for folder in ("specs", "policies"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    replies = "specs/tests/ops-cycle.replies.yaml"
    command = [sys.executable, "-m", "generator", "serve", "--port", "0", "--replies", replies]
    env = {**os.environ, "APM_API_KEYS": KEY}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        found = next(filter(None, (re.search(r"http://[\d.:]+", line) for line in process.stderr or ())))
        yield found[0]
        process.terminate()
        process.communicate(timeout=60)


def test_a_metric_becomes_a_message_and_a_run_that_deals_with_it(
    outside: tuple[str, list[Any]], runtime: str, tmp_path: Path
) -> None:
    address, told = outside
    prometheus, alertmanager = (f"127.0.0.1:{port}" for port in free_ports(2))
    with stopping(Processes(tmp_path)) as processes:
        _start_alertmanager(processes, alertmanager, address, runtime)
        _start_prometheus(processes, prometheus, alertmanager, address)
        with httpx.Client(base_url=runtime, headers={"Authorization": f"Bearer {KEY}"}) as api:
            until(lambda: processes.dead() or (told and _ended(api)))
            assert not processes.dead(), "".join(map(processes.log, processes.dead()))
            (run,) = _ended(api)
    labels = {"alertname": "DeadLetters", "channel": "orders-in", "severity": "critical", "environment": ENVIRONMENT}
    assert run["input"]["commonLabels"].items() >= labels.items()
    assert run["output"]["outcome"] == "resolved"
    (shown,) = told[0]["attachments"]
    assert (told[0]["channel"], shown["title"]) == ("#apm-critical", f"[KRITISCH] DeadLetters ({ENVIRONMENT})")
    assert "*Events of orders-in were given up*\napm_dead_letters_total grew by " in shown["text"]
    (runbook,) = re.findall(r"<\S+/(rendered/\S+)\|Runbook>", shown["text"])
    assert (REPOSITORY / runbook).exists()


def _ended(api: httpx.Client) -> list[Any]:
    return api.get("/runs", params={"workflow": "ops-cycle", "state": "succeeded"}).raise_for_status().json()["runs"]


def _start_prometheus(processes: Processes, own: str, alertmanager: str, pods: str) -> None:
    objects = [item.manifest for item in rendered.items(ENVIRONMENT) if item.kind == "PrometheusRule"]
    groups = [group for one in objects for group in one["spec"]["groups"]]
    namespace = objects[0]["metadata"]["namespace"]
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {"job_name": "pods", "static_configs": [{"targets": [pods], "labels": {"namespace": namespace}}]}
        ],
    }
    (processes.folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
    (processes.folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    processes.start(tool("prometheus"), "--config.file=prometheus.yml", f"--web.listen-address={own}")


def _start_alertmanager(processes: Processes, own: str, slack: str, runtime: str) -> None:
    text = rendered.document(ENVIRONMENT, "alertmanager.yml").read_text()
    text = re.sub(r"http://apm-multi-agent-api\.[a-z-]+\.svc:8080", runtime, text)
    text = re.sub(r'group_wait: "\d+s"', 'group_wait: "1s"', text)
    for file in re.findall(r"/etc/alertmanager/secrets/(\S+)", text):
        place = processes.folder / "secrets" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(KEY if "apm" in file else f"http://{slack}/services/T0/B0/hook")
    text = text.replace("/etc/alertmanager/secrets", str(processes.folder / "secrets"))
    (processes.folder / "alertmanager.yml").write_text(text)
    processes.start(
        tool("alertmanager"), "--config.file=alertmanager.yml", f"--web.listen-address={own}",
        "--cluster.listen-address=", "--storage.path=alertmanager",
    )  # fmt: skip
