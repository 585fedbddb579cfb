"""`apm run --server` and `apm runs --server`: a runtime that runs elsewhere, in a process of its own."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Apm
from tests.runtime.processes import counted, served, until

KEY = "a-key-of-this-test"
FORMAL = {"agents": {"greeter": [{"greeting": "Dear Ms Lovelace", "formal": True}]}}


@pytest.fixture
def server(repository: Path) -> Generator[str]:
    """The address of a runtime that serves the repository's workflows; its models answer formally."""
    (repository / "formal.yaml").write_text(json.dumps(FORMAL))
    command = ["serve", "--port", "0", "--replies", "formal.yaml"]
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", *command],
        cwd=repository, env={**os.environ, "APM_API_KEYS": KEY}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield _address(process)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _address(process: subprocess.Popen[str]) -> str:
    said: list[str] = []
    for line in process.stderr or ():
        said.append(line)
        if found := re.search(r"http://[\d.:]+", line):
            return found[0]
    raise AssertionError("".join(said))


def test_a_run_at_a_server_is_followed_answered_and_shown(server: str, apm: Apm) -> None:
    env = {**os.environ, "APM_API_KEY": KEY, "APM_SERVER": server}
    waiting = apm("run", "hello", "--input", "examples/hello.json", env=env)
    assert (waiting.code, "write (agent greeter" in waiting.err) == (0, True), waiting.err
    assert "path: write\n  tokens: " in waiting.out, "what has happened so far is known while it waits"
    (id_, at) = re.findall(r"apm runs answer (\S+) --value accept --server (\S+)", waiting.out)[0]
    assert at == server
    listed = apm("runs", "list", "--status", "waiting", env=env)
    assert id_ in listed.out
    ended = apm("runs", "answer", id_, "--value", "reject", "--json", env=env)
    assert json.loads(ended.out)["output"] == {"greeting": "Dear Ms Lovelace", "sent": False}
    shown = apm("runs", "show", id_, "--json", env=env)
    found = json.loads(shown.out)
    assert found["status"] == "succeeded"
    assert next(step["path"] for step in found["path"]) == "hello/write"
    assert apm("runs", "cancel", id_, env=env).code == 0
    revived = apm("runs", "revive", id_, env=env)
    assert (revived.code, "was not given up" in revived.err) == (1, True)


def test_the_calls_on_the_page_of_the_api_do_what_it_says(server: str) -> None:
    page = (Path(__file__).parents[2] / "docs/http-api.md").read_text(encoding="utf-8")
    start, follow, answer = re.findall(r"^curl (.+)$", page, re.MULTILINE)
    started = curl(start.replace('"apm-cycle", "input": {}', '"hello", "input": {"guest": "Ada"}'), server)
    assert (started.status_code, started.json()["id"]) == (201, "order-7"), started.text
    until(lambda: curl('"$API/runs/order-7"', server).json()["state"] == "waiting")
    assert curl(answer, server).status_code == 200
    assert "event: run-ended" in curl(follow, server).text


def curl(arguments: str, server: str) -> httpx.Response:
    """Send what curl would send: with `-d` that is a form, unless it is told otherwise."""
    words = iter(shlex.split(arguments.replace("$KEY", KEY).replace("$API", server)))
    headers: dict[str, str] = {"Authorization": f"Bearer {KEY}"}
    body, url = None, ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif word != "-N":
            url = word
    return httpx.request("POST" if body else "GET", url, headers=headers, content=body)


def test_changed_specs_are_served_without_a_restart(server: str, apm: Apm, repository: Path) -> None:
    env = {**os.environ, "APM_API_KEY": KEY, "APM_SERVER": server}
    spec = repository / "specs/workflows/hello.yaml"
    text = spec.read_text()
    before = served(server)
    spec.write_text(text + "    - [\n")  # nothing that could be served
    until(lambda: refused(server) == 1)
    assert served(server) == before
    spec.write_text(text.replace('Send "{{', 'Really send "{{'))
    until(lambda: served(server) != before)
    waiting = apm("run", "hello", "--input", "examples/hello.json", env=env)
    assert (waiting.code, "Really send" in waiting.out) == (0, True), waiting.out


def test_a_breaking_change_names_the_runs_and_threads_that_it_meets(server: str, apm: Apm, repository: Path) -> None:
    env = {**os.environ, "APM_API_KEY": KEY}
    with httpx.Client(base_url=server, headers={"X-Api-Key": KEY}) as client:
        asked = {"assistant_id": "hello", "input": json.loads((repository / "examples/hello.json").read_text())}
        for thread in ("kept", "other"):
            client.post("/threads", json={"thread_id": thread}).raise_for_status()
        client.post("/threads/kept/runs/wait", json=asked, timeout=60).raise_for_status()
        client.post("/threads/kept/runs/wait", json={**asked, "command": {"resume": "reject"}}, timeout=60)
    waiting = apm("run", "hello", "--input", "examples/hello.json", "--server", server, env=env)
    (id_,) = re.findall(r"apm runs answer (\S+)", waiting.out)
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=repository, check=True)
    spec = repository / "specs/workflows/hello.yaml"
    spec.write_text(spec.read_text().replace("formal: {type: boolean, default: false}", "formal: {type: any}"))
    safe = apm("diff", "--server", server, env=env)
    assert (safe.code, "under way" in safe.out) == (0, False), safe.err
    spec.write_text(spec.read_text().replace("minLength: 1", "minLength: 2"))
    hurt = apm("diff", "--server", server, "--format", "json", env=env)
    assert hurt.code == 0, hurt.err
    assert f"1 run is under way, and ends with the version that it has: {id_}" in hurt.out
    assert "thread" not in hurt.out
    text = spec.read_text().replace("state.formal", "state.polite").replace("formal: {type", "polite: {type")
    spec.write_text(text.replace('formal: "${output', 'polite: "${output'))
    both = apm("diff", "--server", server, "--format", "json", env=env)
    assert "1 thread keeps state of the old form, from which the next run starts: kept" in both.out, both.out


def refused(server: str) -> float:
    return counted(server, 'apm_specs_changed_total{outcome="refused"}')


def test_what_a_server_refuses_is_said_in_its_words(server: str, apm: Apm) -> None:
    env = {**os.environ, "APM_API_KEY": KEY}
    unknown = apm("run", "helo", "--server", server, env=env)
    assert (unknown.code, "helo" in unknown.err) == (1, True)
    nobody = apm("run", "hello", "--server", server, env={**os.environ, "APM_API_KEY": "another"})
    assert nobody.code == 1
    assert "APM_API_KEY" in nobody.err


def test_dead_letters_of_a_server_are_asked_for_there(server: str, apm: Apm) -> None:
    env = {**os.environ, "APM_API_KEY": KEY, "APM_SERVER": server}
    listed = apm("letters", "list", "--json", env=env)
    assert (listed.code, json.loads(listed.out)) == (0, [])
    missing = apm("letters", "redeliver", "nope", env=env)
    assert (missing.code, "There is no such dead letter" in missing.err) == (1, True)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense", "ftp://127.0.0.1", "http://[::1"])
def test_a_server_that_is_not_there_is_told(apm: Apm, address: str) -> None:
    found = apm("run", "hello", "--server", address)
    assert (found.code, "Traceback" in found.err) == (1, False)
    assert "does not answer" in found.err


def test_a_model_of_this_machine_is_no_model_of_the_server(apm: Apm) -> None:
    found = apm("run", "hello", "--server", "http://127.0.0.1:9", "--replies", "examples/hello.replies.yaml")
    assert (found.code, "--replies is for runs here" in found.err) == (2, True)
