# pyright: reportPrivateUsage=false
"""What the command line does with runs, in processes of its own where signals and crashes matter."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime import cli
from runtime import settings as environment
from runtime.cli.session import session, together
from runtime.load import Source
from runtime.problems import Failure
from runtime.services.store.embedded import EmbeddedStore
from tests.runtime.conftest import workflow

REPLIES = {"agents": {"ada": [{"ok": True}]}}
AGENT = {"ada": {"name": "ada", "role": "r", "instructions": "Do.", "model": "m", "output": {"type": "object"}}}
CYCLE = """
output: {decision: "${steps.review.output.decision}", words: "${steps.count.output.words}"}
steps:
  - {id: think, agent: ada, with: {what: "${input.what}"}}
  - {id: count, function: text-statistics, with: {text: "${input.what}"}}
  - {id: review, approval: {message: "Take {{ input.what }}?", options: [accept, reject], assignees: [devops]}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Generator[Path]:
    """A folder whose store stays up between commands, as it does while something else uses it."""
    import asyncio

    keeper = EmbeddedStore(tmp_path / "state")
    asyncio.run(keeper.start())
    keeper._mark.rename(keeper._mark.with_name("1"))  # process 1 always lives
    (tmp_path / "replies.yaml").write_text(yaml.safe_dump(REPLIES))
    yield tmp_path
    (tmp_path / "state/users/1").unlink()
    keeper.stop()


def cycle() -> Any:
    document = workflow(CYCLE, agents=AGENT)
    return {"main": document}


def fixed(documents: Any) -> Source:
    return Source(lambda: documents, lambda: 0)


def written(place: Path, text: str) -> Path:
    (place / "bad.yaml").write_text(text)
    return place / "bad.yaml"


def run(
    place: Path, documents: Any = None, echo: Callable[[str], None] = lambda line: None, **more: Any
) -> cli.RunResult:
    common: dict[str, Any] = {
        "state_dir": place / "state",
        "provider": "scripted",
        "replies": place / "replies.yaml",
        "files": place,
    }
    return cli.run(documents or cycle(), "main", {"what": "two words"}, echo=echo, **{**common, **more})


def test_a_run_shows_its_way_and_waits_until_it_is_answered(place: Path) -> None:
    told: list[str] = []
    found = run(place, echo=told.append)
    assert found.status == "waiting"
    assert told[0].startswith("models: scripted replies from")
    assert [line.split(",")[0] for line in told[2:]] == ["think (agent ada", "count (function"]
    lines = cli.lines(found)
    assert "waits for a person (devops) at main/review: Take two words?" in lines[-2]
    assert lines[-1].strip().startswith(f"answer with: apm runs answer {found.id} --value accept")
    (listed,) = cli.list_runs(state_dir=place / "state", status="waiting")
    assert listed.id == found.id

    ended = cli.answer(found.id, "accept", state_dir=place / "state")
    assert (ended.status, ended.output) == ("succeeded", {"decision": "accept", "words": 2})
    assert [step.path for step in ended.path] == ["main/think", "main/count", "main/review"]
    assert cli.show(found.id, state_dir=place / "state") == ended


def test_at_a_terminal_the_person_is_asked_until_the_answer_fits(place: Path) -> None:
    typed, told = iter(["perhaps", "reject"]), list[str]()

    def prompt(ending: str) -> str:
        told.append(ending)
        return next(typed)

    found = run(place, echo=told.append, interactive=True, prompt=prompt)
    assert (found.status, found.output["decision"]) == ("succeeded", "reject")
    assert any("not one of the options" in line for line in told)


def test_ctrl_c_at_the_question_leaves_the_run_waiting(place: Path) -> None:
    def interrupted(prompt: str) -> str:
        raise KeyboardInterrupt

    assert run(place, interactive=True, prompt=interrupted).status == "waiting"


def test_a_waiting_run_can_be_cancelled_and_then_not_answered(place: Path) -> None:
    found = run(place)
    assert cli.cancel(found.id, state_dir=place / "state").status == "cancelled"
    with pytest.raises(Failure, match="does not wait"):
        cli.answer(found.id, "accept", state_dir=place / "state")


def test_a_run_that_was_given_up_goes_on_here(place: Path) -> None:
    found = run(place)
    buried(place, found.id)
    assert cli.show(found.id, state_dir=place / "state").status == "failed"
    assert cli.revive(found.id, state_dir=place / "state").status == "waiting"
    assert cli.answer(found.id, "accept", state_dir=place / "state").status == "succeeded"


def buried(place: Path, id_: str) -> None:
    """Let it be as if workers had died over a run."""

    async def bury() -> None:
        async with session(environment.read(state_dir=place / "state")) as here:
            row = {"$set": {"state": "failed", "buried": 1, "lost": 1, "waiting": "[]"}}
            await here.store.collections["runs"].change({"_id": id_}, row)

    together(bury)


def refusals() -> dict[str, tuple[Callable[[Path], Any], str]]:
    return {
        "no such workflow": (lambda place: cli.run(cycle(), "nope", {}, state_dir=place / "state"), "no workflow nope"),
        "a large input": (
            lambda place: cli.run(
                cycle(),
                "main",
                {"what": "x" * 20_000_000},
                state_dir=place / "state",
                provider="scripted",
                replies=place / "replies.yaml",
            ),
            "The input is too large",
        ),
        "no such run": (lambda place: cli.show("nope", state_dir=place / "state"), "no such run"),
        "no replies": (lambda place: run(place, replies=place / "missing.yaml"), "cannot be read"),
        "nothing to resume": (lambda place: cli.resume(run(place).id, state_dir=place / "state"), "not interrupted"),
        "input, before a model is loaded": (
            lambda place: cli.run(
                {"main": workflow(CYCLE, agents=AGENT, input={"type": "object", "required": ["x"]})},
                "main",
                {},
                state_dir=place / "state",
                provider="local",
                model_file=place / "missing.gguf",
            ),
            "does not accept this input",
        ),
        "replies that are not YAML": (
            lambda place: run(place, replies=written(place, "agents:\n  ada: [{ok: true}\n")),
            "bad.yaml:3: this is not",
        ),
        "replies of an agent that nobody has": (
            lambda place: run(place, replies=written(place, "agents: {adda: [{ok: true}]}")),
            'no workflow here has the agent "adda"',
        ),
        "scripted replies where it is protected": (
            lambda place: run(place, {"main": workflow(CYCLE, agents=AGENT, protected=True, environment="live")}),
            "refused in the protected environment live",
        ),
        "scripted replies served where it is protected": (
            lambda place: cli.serve(
                fixed({"main": workflow(CYCLE, agents=AGENT, protected=True, environment="live")}),
                state_dir=place / "state",
                port=0,
                provider="scripted",
                replies=place / "replies.yaml",
            ),
            "refused in the protected environment live",
        ),
        "an API for everybody": (
            lambda place: cli.serve(fixed(cycle()), state_dir=place / "state", host="0.0.0.0", port=0),
            "APM_API_KEYS is not set",
        ),
        "no such status": (lambda place: cli.list_runs(status="waitng", state_dir=place / "state"), '"waitng"'),
        "model file": (
            lambda place: run(place, provider="local", model_file=place / "missing.gguf"),
            "missing.gguf does not exist",
        ),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_cannot_be_done_is_one_sentence(place: Path, name: str) -> None:
    command, message = refusals()[name]
    before = cli.list_runs(state_dir=place / "state")
    with pytest.raises(Failure, match=message):
        command(place)
    started = 1 if name == "nothing to resume" else 0
    assert len(cli.list_runs(state_dir=place / "state")) == len(before) + started, "nothing is started"


def test_the_nearest_name_is_told(place: Path) -> None:
    with pytest.raises(Failure) as agent:
        run(place, replies=written(place, "agents: {adda: [{ok: true}]}"))
    with pytest.raises(Failure) as status:
        cli.list_runs(status="waitng", state_dir=place / "state")
    assert (agent.value.hint, status.value.hint) == ('did you mean "ada"?', 'did you mean "waiting"?')


def test_a_failed_step_says_why_while_it_runs_and_afterwards(place: Path) -> None:
    other = workflow(CYCLE, agents=AGENT, name="other")
    document = workflow("""
        steps:
          - {id: look, function: file-read, with: {path: ../secret}, onError: [{match: "*", goto: count}]}
          - {id: count, function: text-statistics, with: {text: x}}
        """)
    told: list[str] = []
    found = run(place, {"main": document, "other": other}, echo=told.append)
    why = "failed): A file outside of the folder (permission-denied)"
    assert found.status == "succeeded"
    assert [line for line in told if why in line]
    shown = cli.show(found.id, state_dir=place / "state")
    assert [line for line in cli.lines(shown) if why in line]
    assert shown.path[0].problem == {"type": "permission-denied", "title": "A file outside of the folder"}
    assert shown.path[1].problem is None


# --- processes -------------------------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from runtime import cli, load
from runtime.contract import Function
from runtime.services import tools
from runtime.functions import registered

place, mode = Path(sys.argv[1]), sys.argv[2]

async def slowly(arguments, context):
    with (place / "log").open("a") as log:
        log.write(arguments["name"] + "\\n")
    print("at", arguments["name"], flush=True)
    if arguments["name"] == "second" and mode != "resume":
        await asyncio.sleep(600)
    return {}

functions = {**registered(), "slowly": Function("slowly", "d", slowly, effect="read")}
tools.registered = lambda: functions
if mode == "resume":
    found = cli.resume(sys.argv[3], state_dir=place / "state")
else:
    documents = {"main": load.parse(json.loads((place / "main.json").read_text()), "main")}
    found = cli.run(documents, "main", {}, state_dir=place / "state", echo=lambda line: print(line, flush=True))
print("\\n".join(cli.lines(found)), flush=True)
"""


@pytest.fixture
def program(place: Path) -> Callable[..., "subprocess.Popen[str]"]:
    document = workflow("""
        output: {done: "yes ${steps.third.outcome}"}
        steps:
          - {id: first, function: slowly, with: {name: first}}
          - {id: second, function: slowly, with: {name: second}}
          - {id: third, function: slowly, with: {name: third}}
        """)
    (place / "main.json").write_text(document.model_dump_json(by_alias=True, exclude_unset=True))
    (place / "program.py").write_text(PROGRAM)

    def start(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
        command = [sys.executable, str(place / "program.py"), str(place), *arguments]
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": root, **variables}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=place)

    return start


def until(process: "subprocess.Popen[str]", text: str) -> list[str]:
    """Read what a process says until a line contains the text."""
    said: list[str] = []
    assert process.stdout
    for line in process.stdout:
        said.append(line.rstrip())
        if text in line:
            return said
    raise AssertionError(f"{text!r} was not said: {said}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_goes_on_where_it_was(place: Path, program: Any, number: int) -> None:
    process = program("run", APM_GRACE_SECONDS="1")
    said = until(process, "at second")
    process.send_signal(number)
    rest, _ = process.communicate(timeout=30)
    assert "stopping after this step, in 1 s at most; press Ctrl-C again to stop at once" in rest
    id_ = next(line.split()[1] for line in said if line.startswith("run "))
    assert f"go on with: apm runs resume {id_}" in rest
    assert process.returncode == 0
    assert cli.show(id_, state_dir=place / "state").status == "interrupted"
    resumed, _ = program("resume", id_).communicate(timeout=30)
    assert f"run {id_}  main  succeeded" in resumed
    # The first step had ended and is not done again; the second one had not.
    assert (place / "log").read_text().split() == ["first", "second", "second", "third"]


@pytest.mark.parametrize("times", [1, 2, 20])
def test_a_second_ctrl_c_stops_at_once_and_the_run_can_still_be_resumed(place: Path, program: Any, times: int) -> None:
    process = program("run", APM_GRACE_SECONDS="600")
    said = until(process, "at second")
    process.send_signal(signal.SIGINT)
    until(process, "press Ctrl-C again")
    for _ in range(times):
        process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    id_ = next(line.split()[1] for line in said if line.startswith("run "))
    assert f"go on with: apm runs resume {id_}" in rest
    assert cli.show(id_, state_dir=place / "state").status == "interrupted"


def test_a_killed_run_is_resumed_from_its_last_checkpoint(place: Path, program: Any) -> None:
    process = program("run")
    said = until(process, "at second")
    process.kill()
    process.communicate()
    id_ = next(line.split()[1] for line in said if line.startswith("run "))
    assert cli.show(id_, state_dir=place / "state").status == "running"  # it could not say that it died
    with pytest.raises(Failure, match="not interrupted"):
        cli.resume(id_, state_dir=place / "state")
    expire_lease(place, id_)
    shown = cli.lines(cli.show(id_, state_dir=place / "state"))
    assert shown[0].split()[3] == "abandoned"
    assert "no heartbeat" in shown[-2]
    assert shown[-1].strip() == f"go on with: apm runs resume {id_}"
    listed = {name: cli.list_runs(status=name, state_dir=place / "state") for name in ("abandoned", "running")}
    assert {name: [run.id for run in runs] for name, runs in listed.items()} == {"abandoned": [id_], "running": []}
    resumed, _ = program("resume", id_).communicate(timeout=30)
    assert f"run {id_}  main  succeeded" in resumed
    assert (place / "log").read_text().split() == ["first", "second", "second", "third"]


def expire_lease(place: Path, id_: str) -> None:
    """Let the lease of a run be over, instead of waiting for it."""
    from pymongo import MongoClient

    port = json.loads((place / "state/store.json").read_text())["port"]
    with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
        client["apm"]["runs"].update_one({"_id": id_}, {"$set": {"lease": 1}})


# --- serving ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(place: Path) -> Generator[Callable[..., "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def start(port: int, **variables: str) -> "subprocess.Popen[str]":
        folder = place / "specs"
        folder.mkdir(exist_ok=True)
        document = workflow('output: {n: "${input.n}"}\nsteps: [{id: w, wait: {for: 1ms}}]')
        (folder / "main.yaml").write_text(document.model_dump_json(by_alias=True, exclude_unset=True))
        root = str(Path(__file__).parents[2])
        own = {"APM_STATE_DIR": str(place / "state"), "APM_SPEC_DIR": str(folder), "PYTHONPATH": root, **variables}
        command = [sys.executable, "-m", "runtime", "serve", "--port", str(port)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **own}, cwd=root
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_serving_runs_what_is_posted_and_stops_cleanly(server: Any) -> None:
    import httpx

    process = server(0, APM_API_KEYS="k1,k2")
    address = until(process, "all on ")[-1].split()[-1]
    with httpx.Client(base_url=address, headers={"Authorization": "Bearer k2"}, timeout=30) as client:
        ready(client)
        assert httpx.get(f"{address}/runs").status_code == 401
        id_ = client.post("/runs", json={"workflow": "main", "input": {"n": 7}}).json()["id"]
        with client.stream("GET", f"/runs/{id_}/events") as stream:
            kinds = [line.removeprefix("event: ") for line in stream.iter_lines() if line.startswith("event: ")]
        assert kinds[0] == "run-started"
        assert kinds[-1] == "run-ended"
        assert "waiting" in kinds  # the timer was woken by the scheduler, and the run claimed again
        assert client.get(f"/runs/{id_}").json()["output"] == {"n": 7}
        assert 'apm_runs_total{outcome="succeeded",workflow="main"} 1.0' in client.get("/metrics").text
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert (process.returncode, {json.loads(line)["level"] for line in log.splitlines()}) == (0, {"info"})


def ready(client: Any) -> None:
    import httpx

    for _ in range(300):
        try:
            if client.get("/readyz").json()["ready"]:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the server did not get ready")


def test_a_port_in_use_is_one_sentence(server: Any) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = server(port)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.splitlines() == [
        f"error: Port {port} on 127.0.0.1 cannot be used: Address already in use",
        "hint: choose another one with --port, or stop what uses it",
    ]


UNDOABLE = """
tools:
  keep: {name: keep, effect: write, function: artefact-put}
steps:
  - id: book
    tool: keep
    with: {collection: c, name: booked, text: x}
    compensate: [{id: cancel, tool: keep, with: {collection: c, name: cancelled, text: "${error.type}"}}]
  - {id: review, approval: {message: "Go on?"}}
"""


def test_cancelling_a_run_of_this_machine_undoes_here_what_it_has_done(place: Path) -> None:
    found = run(place, {"main": workflow(UNDOABLE, agents=AGENT)})
    assert found.status == "waiting"
    found = cli.cancel(found.id, state_dir=place / "state")
    assert (found.status, [one.path for one in found.compensated]) == ("cancelled", ["main/book"])
    assert "  undone: main/book" in cli.lines(found)


def test_a_dead_letter_that_is_not_there_is_told(place: Path) -> None:
    assert cli.letters(state_dir=place / "state") == []
    with pytest.raises(Failure, match="no dead letter"):
        cli.redeliver("x", state_dir=place / "state")
