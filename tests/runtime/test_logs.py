"""Logs: one JSON object a line, with the ids of the run and the step, and no word of what people have written."""

import io
import json
import logging
import re
import socket
import urllib.request
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime import settings
from runtime.problems import Failure
from runtime.settings import Logs
from runtime.telemetry import logs, tracing
from runtime.worker.loop import Worker
from runtime.worker.starting import Start, start
from tests.runtime.conftest import World, workflow
from tests.runtime.processes import role, until
from tests.runtime.test_tracing import SECRET, WORK, collecting

OTHER = logging.getLogger("some.library")


class Log:
    """What a process would write to standard error."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self.handler = logging.StreamHandler(self._text)
        self.written(Logs("json"))

    def written(self, how: Logs, **fields: str) -> None:
        """Write in another way from now on."""
        self.handler.setFormatter(logs.Lines(how, fields))

    @property
    def text(self) -> str:
        return self._text.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Generator[Log]:
    """All that anybody logs, however unimportant it is."""
    found, root = Log(), logging.getLogger()
    level = root.level
    root.addHandler(found.handler)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(found.handler)
    root.setLevel(level)


async def executed(world: World, source: str, payload: Mapping[str, Any], **more: Any) -> str:
    """Have a worker execute a workflow, and return the id of the run."""
    document = workflow(source, **more)
    await start(world.store, world.clock, {"main": document}, Start("main", payload))
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    await Worker(world.executor, "w")._execute(run)  # pyright: ignore[reportPrivateUsage]
    return run.id


async def test_a_line_says_when_where_and_in_which_run_and_step(world: World, log: Log) -> None:
    log.written(Logs("json"), role="worker")
    id_ = await executed(world, "steps: [{id: stop, fail: {type: sold-out, title: Nothing is left}}]", {})
    first, step, last = [line for line in log.lines if line["logger"].startswith("runtime.")]
    run = {"role": "worker", "worker": "w", "run": id_, "workflow": "main", "attempt": 1, "tenant": "default"}
    assert first.items() >= {**run, "level": "info", "message": f"run {id_} is executed"}.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert step.items() >= {**run, "step": "main/stop"}.items()
    assert step["message"] == "step main/stop has failed: a problem of type sold-out"
    assert last["message"] == f"run {id_} is failed"
    assert "step" not in last


async def test_what_libraries_say_inside_a_step_has_its_ids_and_its_place_but_not_its_words(
    world: World, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talks(*_: Any, **__: Any) -> None:
        OTHER.warning("asked: %s", SECRET)
        raise ValueError(SECRET)

    monkeypatch.setattr(world.executor.services.models, "complete", talks)
    id_ = await executed(world, "steps: [{id: one, llm: {model: m, prompt: Hello}}]", {})
    (line,) = [line for line in log.lines if line["logger"] == "some.library"]
    assert (line["run"], line["step"]) == (id_, "main/one")
    assert re.fullmatch(r"said at tests/runtime/test_logs\.py:\d+", line["message"])
    assert SECRET not in log.text


async def test_no_word_of_inputs_prompts_answers_arguments_and_secrets_is_logged(world: World, log: Log) -> None:
    key = world.executor.settings.secrets["KEY"]
    broken = {"stock": {"name": "stock", "function": "schema-validation", "effect": "read"}}
    world.script(m=[f"no JSON, but {SECRET}", {"json": {"said": SECRET, "key": key}}])
    await executed(world, WORK, {"said": SECRET}, tools=broken)
    assert len(log.lines) > 3
    assert SECRET not in log.text
    assert key not in log.text


def test_an_exception_is_told_by_types_and_places(log: Log) -> None:
    def fails() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(SECRET) from error

    try:
        fails()
    except ValueError:
        logging.getLogger("runtime.x").exception("it broke")
    (line,) = log.lines
    assert (line["message"], line["error"]) == ("it broke", "ValueError < KeyError")
    assert re.fullmatch(r"(tests/runtime/test_logs\.py:\d+ \w+\n?){2}", line["stack"])
    assert SECRET not in log.text


def test_contents_are_shown_where_they_are_asked_for(log: Log) -> None:
    log.written(Logs("json", contents=True))
    OTHER.warning("asked: %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        OTHER.exception("it broke")
    assert log.lines[0]["message"] == f"asked: {SECRET}"
    assert f"ValueError: {SECRET}" in log.lines[1]["stack"]


def test_on_a_terminal_lines_are_plain(log: Log) -> None:
    log.written(Logs("text"))
    with logs.about(run="r1", step="main/one"):
        logging.getLogger("runtime.x").warning("it is late")
    assert re.fullmatch(r"\S+Z warning runtime\.x it is late run=r1 step=main/one\n", log.text)


async def test_a_line_names_the_trace_and_the_span_that_it_belongs_to(world: World, log: Log) -> None:
    async with collecting() as (collector, address), tracing.exporting(f"{address}/v1/traces"):
        await executed(world, "steps: [{id: stop, fail: {type: sold-out, title: Nothing is left}}]", {})
    span = collector.named("step stop")
    (line,) = [line for line in log.lines if "has failed" in line["message"]]
    assert (line["trace_id"], line["span_id"]) == (span.trace_id.hex(), span.span_id.hex())


@pytest.mark.parametrize(("name", "value"), [("APM_LOG_FORMAT", "xml"), ("APM_LOG_CONTENTS", "perhaps")])
def test_a_setting_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    with pytest.raises(Failure, match=f"{name} is '{value}'"):
        settings.logs({name: value})


def test_logs_are_json_but_for_a_terminal_unless_it_is_said() -> None:
    assert settings.logs({}).form == "json"
    assert settings.logs({}, terminal=True).form == "text"
    assert settings.logs({"APM_LOG_FORMAT": "json"}, terminal=True).form == "json"
    assert (settings.logs({}).contents, settings.logs({"APM_LOG_CONTENTS": "true"}).contents) == (False, True)


def test_a_real_process_writes_nothing_but_such_lines(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    document = workflow("steps: [{id: stop, fail: {type: sold-out, title: Nothing is left}}]")
    (tmp_path / "specs/main.yaml").write_text(document.model_dump_json(by_alias=True, exclude_unset=True))
    with role(tmp_path, "all") as (_, address):
        body = json.dumps({"workflow": "main", "input": {}}).encode()
        request = urllib.request.Request(f"{address}/runs", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            id_ = json.load(answer)["id"]
        until(lambda: f"run {id_} is failed" in (tmp_path / "all.log").read_text())
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as line:
            line.sendall(f"{SECRET}\r\n\r\n".encode())
            line.recv(1000)
        until(lambda: "uvicorn" in (tmp_path / "all.log").read_text())
    lines = [json.loads(line) for line in (tmp_path / "all.log").read_text().splitlines()]
    assert {line["role"] for line in lines} == {"all"}
    assert SECRET not in (tmp_path / "all.log").read_text()
    assert [line["message"] for line in lines if line.get("step") == "main/stop"] == [
        "step main/stop has failed: a problem of type sold-out"
    ]
