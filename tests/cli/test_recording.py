"""`apm test --record` keeps what real models answer, without secrets; the recording is played back until it is old."""

import json
import os
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Apm

TEST = "specs/tests/hello.yaml"
CASSETTE = "specs/tests/hello.greeted.replies.yaml"
KEY = "k-of-the-model-0815"
CASE = """\
    - name: greeted
      input: {guest: Ada}
      expect: {output: {sent: true}}
"""


class Model(BaseHTTPRequestHandler):
    """A model behind HTTP that greets, and gives its key away."""

    asked: list[str] = []

    def do_POST(self) -> None:
        """Answer one call."""
        self.rfile.read(int(self.headers["Content-Length"]))
        Model.asked.append(self.path)
        text = json.dumps({"greeting": f"Hello Ada, my key is {KEY}", "formal": False})
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named so by the standard library)
        """Stay silent."""


@pytest.fixture
def model(repository: Path) -> Generator[None]:
    """A model server that the repository's environment names, and a test with one case."""
    Model.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    local = repository / "specs/environments/local.yaml"
    old = "default: {provider: local, model: null, endpoint: null, secret: null}"
    new = f'default: {{model: m, endpoint: "http://127.0.0.1:{server.server_port}", secret: null}}'
    local.write_text(local.read_text().replace(old, new))
    file = repository / TEST
    file.write_text(file.read_text().split("  cases:\n")[0] + "  cases:\n" + CASE)
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def record(apm: Apm) -> str:
    """Record, and return what was said."""
    result = apm("test", "--record", env={**os.environ, "MODEL_API_KEY": KEY})
    assert result.code == 0, result.out + result.err
    return result.out


@pytest.mark.usefixtures("model")
def test_answers_are_kept_without_secrets_and_played_back(apm: Apm, repository: Path) -> None:
    assert "write `replies: hello.greeted.replies.yaml` in the case" in record(apm)
    assert len(Model.asked) == 1
    text = (repository / CASSETTE).read_text()
    assert KEY not in text
    assert yaml.safe_load(text)["agents"] == {"greeter": [{"greeting": "Hello Ada, my key is •••", "formal": False}]}
    name_it(repository)
    assert apm("validate").code == 0
    assert apm("test").code == 0
    assert len(Model.asked) == 1, "the model is not asked again"


@pytest.mark.usefixtures("model")
def test_a_recording_of_another_version_is_told_until_it_is_made_again(apm: Apm, repository: Path) -> None:
    record(apm)
    name_it(repository)
    prompt = repository / "specs/agents/prompts/greeter.md"
    prompt.write_text(prompt.read_text() + "\nBe short.\n")
    result = apm("test")
    assert result.code == 1
    assert "the recording is of another version of hello: record it again with `apm test --record`" in result.out
    record(apm)
    assert apm("test").code == 0


@pytest.mark.usefixtures("model")
def test_replies_that_a_person_has_written_are_never_recorded_over(apm: Apm, repository: Path) -> None:
    name_it(repository)
    (repository / CASSETTE).write_text("agents: {greeter: [{greeting: Hi, formal: false}]}\n")
    result = apm("test", "--record")
    assert (result.code, "is not a recording" in result.err) == (1, True)
    assert Model.asked == []


def name_it(repository: Path) -> None:
    """Let the case name the recording."""
    file = repository / TEST
    line = "      replies: hello.greeted.replies.yaml\n      expect:"
    file.write_text(file.read_text().replace("      expect:", line))
