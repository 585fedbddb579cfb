"""Rehearsals: written results instead of servers, faults, and a clock that jumps; on the runtime's own graph."""

import json
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.cli import Rehearsal, Rehearse, Script, rehearsals
from runtime.contract import WorkflowDocument
from runtime.problems import Failure
from tests.runtime.conftest import workflow

AGENT = {
    "name": "ada", "role": "r", "instructions": "Do.", "model": "m", "tools": ["book"],
    "permissions": {"allow": ["write"]},
    "output": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}},
}  # fmt: skip
BOOK = {
    "name": "book", "description": "Books.", "effect": "write", "idempotent": True,
    "http": {"method": "POST", "url": "https://erp.example.invalid/book"},
    "input": {"type": "object"}, "output": {"type": "object", "required": ["id"]},
}  # fmt: skip
POLICY = {"name": "erp", "retry": {"maxAttempts": 3, "initialInterval": "10s", "jitter": False}}


@pytest.fixture(scope="module")
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Generator[Rehearse]:
    with rehearsals(tmp_path_factory.mktemp("state")) as found:
        yield found


class Play:
    """Rehearses a workflow with a script."""

    def __init__(self, rehearse: Rehearse, folder: Path) -> None:
        self._rehearse, self._folder = rehearse, folder

    def __call__(self, text: str, *, replies: Any = None, input: Any = None, **script: Any) -> Rehearsal:  # noqa: A002
        file = self._folder / "replies.yaml"
        file.write_text(json.dumps({"agents": replies or {}}))
        document: Mapping[str, WorkflowDocument] = {
            "main": workflow(
                text, agents={"ada": AGENT}, tools={"book": BOOK}, resilience={"erp": POLICY},
                channels={"news": {"name": "news"}},
            )
        }  # fmt: skip
        return self._rehearse(document, Script("main", input or {}, file, self._folder, **script))


@pytest.fixture
def play(rehearse: Rehearse, tmp_path: Path) -> Play:
    return Play(rehearse, tmp_path)


BOOKING = """
state: {id: {type: string}}
output: {id: "${state.id}"}
steps:
  - id: post
    tool: book
    with: {amount: 7}
    save: {id: "${output.id}"}
    resilience: erp
    onError: [{match: timeout, goto: late}]
    next: end
  - {id: late, set: {id: none}}
"""


def test_a_tool_answers_what_is_written_and_its_arguments_are_kept(play: Play) -> None:
    found = play(BOOKING, tools={"book": [{"id": "B-1"}]})
    assert found.run.output == {"id": "B-1"}
    assert found.state == {"id": "B-1"}
    assert [(call.kind, call.name, dict(call.arguments), call.path) for call in found.calls] == [
        ("tool", "book", {"amount": 7}, "main/post")
    ]
    assert found.ways == {("main", "post", "next")}
    assert (found.missing, found.unused) == ((), ())


def test_a_written_result_is_held_to_the_schema_of_the_tool(play: Play) -> None:
    found = play(BOOKING, tools={"book": [{"number": 1}]})
    assert found.run.problem
    assert found.run.problem.type == "invalid-output"


def test_faults_are_retried_like_those_of_the_world_and_pauses_take_no_time(play: Play) -> None:
    start = time.monotonic()
    found = play(BOOKING, tools={"book": [{"id": "B-1"}]}, faults={"post": ["rate-limited", "unavailable"]})
    assert time.monotonic() - start < 10
    assert found.run.output == {"id": "B-1"}
    assert len(found.calls) == 3
    assert found.run.seconds == pytest.approx(30, abs=0.1)  # 10 s and 20 s between the attempts


def test_a_fault_of_every_attempt_leads_to_its_handler(play: Play) -> None:
    found = play(BOOKING, faults={"post": ["timeout"] * 3})
    assert found.run.output == {"id": "none"}
    assert found.ways == {("main", "post", "onError[0]"), ("main", "late", "next")}
    assert found.run.seconds == pytest.approx(120, abs=0.1)  # three calls of 30 s, and 10 s and 20 s between them


def test_a_fault_takes_no_longer_than_the_step_may(play: Play) -> None:
    found = play(BOOKING.replace("    resilience: erp", "    timeout: 12s"), faults={"post": ["timeout"]})
    assert found.run.output == {"id": "none"}
    assert found.run.seconds == pytest.approx(12, abs=0.1)


def test_faults_that_are_left_are_told(play: Play) -> None:
    found = play(BOOKING, tools={"book": [{"id": "B-1"}]}, faults={"post": ["none", "timeout"]})
    assert found.unused == ("faults.post",)


def test_a_server_is_never_called(play: Play) -> None:
    found = play(BOOKING)
    assert {call.name for call in found.missing} == {"book"}
    assert found.run.status == "failed"
    request = play("steps: [{id: ask, http: {url: 'https://erp.example.invalid/x'}}]")
    assert [call.name for call in request.missing] == ["GET https://erp.example.invalid/x"]


def test_a_request_answers_what_is_written_for_its_step(play: Play) -> None:
    text = """
    output: {body: "${steps.ask.output.body}"}
    steps: [{id: ask, http: {method: POST, url: "https://erp.example.invalid/x", body: {a: 1}}}]
    """
    found = play(text, steps={"ask": [{"status": 200, "body": "yes"}]})
    assert found.run.output == {"body": "yes"}
    assert [dict(call.arguments)["body"] for call in found.calls] == [{"a": 1}]


def test_a_written_failure_fails_the_call(play: Play) -> None:
    found = play(BOOKING, tools={"book": [{"$fail": {"type": "rejected", "title": "closed"}}]})
    assert found.run.problem
    assert (found.run.problem.type, found.run.problem.title) == ("rejected", "closed")


AGENT_STEP = 'output: {ok: "${steps.think.output.ok}"}\nsteps: [{id: think, agent: ada}]'


def test_an_answer_that_is_spoilt_is_asked_for_again(play: Play) -> None:
    found = play(AGENT_STEP, replies={"ada": [{"ok": True}]}, faults={"think": ["malformed"]})
    assert found.run.output == {"ok": True}
    spoilt = play(AGENT_STEP, replies={"ada": [{"ok": True}]}, faults={"think": ["malformed"] * 3})
    assert spoilt.run.problem
    assert spoilt.run.problem.type == "invalid-output"


def test_tools_that_an_agent_calls_answer_what_is_written(play: Play) -> None:
    replies = [{"$tools": [{"tool": "book", "with": {"amount": 1}}]}, {"ok": True}]
    found = play(AGENT_STEP, replies={"ada": replies}, tools={"book": [{"id": "B-1"}]})
    assert found.run.output == {"ok": True}
    assert [dict(call.arguments) for call in found.calls] == [{"amount": 1}]


PAUSES = """
output: {choice: "${steps.review.output.decision}", by: "${steps.review.output.by}"}
steps:
  - {id: pause, wait: {for: 7d}}
  - {id: review, approval: {message: Well, options: [yes-please, no-thanks], timeout: 24h, onTimeout: no-thanks}}
limits: {timeout: 30d}
"""


AGAIN = """
output: {asked: "${steps.review.visits}"}
steps:
  - {id: review, maxVisits: 5, approval: {message: Well, options: ["yes", "no"]}}
  - {id: again, switch: [{when: steps.review.output.decision == 'no', then: review}], default: end}
"""


def test_days_of_waiting_take_no_time(play: Play) -> None:
    start = time.monotonic()
    found = play(PAUSES, unanswered=["review"])
    assert time.monotonic() - start < 10
    assert found.run.output == {"choice": "no-thanks", "by": "timeout"}
    assert found.run.seconds == pytest.approx(8 * 86_400, abs=1)


def test_people_answer_what_is_written_and_nobody_answers_otherwise(play: Play) -> None:
    found = play(PAUSES, answers={"review": ["yes-please"]})
    assert found.run.output == {"choice": "yes-please", "by": "test"}
    waiting = play(PAUSES)
    assert waiting.run.status == "waiting"
    assert waiting.run.waiting[0]["path"] == "main/review"


def test_an_answer_that_is_no_option_is_refused(play: Play) -> None:
    with pytest.raises(Failure, match="not one of the options"):
        play(PAUSES, answers={"review": ["perhaps"]})


def test_a_step_that_asks_again_gets_the_next_answer(play: Play) -> None:
    found = play(AGAIN, answers={"review": ["no", "no", "yes"]})
    assert found.run.output == {"asked": 3}
    assert found.unused == ()
    assert play(AGAIN, answers={"review": ["no", "yes", "yes"]}).unused == ("answers.review",)


def test_a_step_that_listens_again_hears_the_next_event(play: Play) -> None:
    text = """
    state: {last: {type: integer, default: 0}}
    output: {last: "${state.last}"}
    steps:
      - {id: hear, maxVisits: 5, listen: {channel: news}, save: {last: "${output.n}"}}
      - {id: again, switch: [{when: state.last < 3, then: hear}], default: end}
    """
    found = play(text, events={"hear": [{"n": 1}, {"n": 2}, {"n": 3}]})
    assert (found.run.output, found.unused) == ({"last": 3}, ())


def test_a_run_that_waits_longer_than_its_limit_times_out(play: Play) -> None:
    found = play("limits: {timeout: 1h}\nsteps: [{id: review, approval: {message: Well}}]", unanswered=["review"])
    assert found.run.status == "timeout"


def test_events_come_when_a_step_listens_and_those_that_it_publishes_are_kept(play: Play) -> None:
    text = """
    output: {n: "${steps.hear.output.n}"}
    steps:
      - {id: hear, listen: {channel: news, when: output.n > 1}}
      - {id: tell, emit: {channel: news, payload: {heard: true}}}
    """
    found = play(text, events={"hear": [{"n": 2}]})
    assert found.run.output == {"n": 2}
    assert found.emitted == (("news", {"heard": True}),)
    unheard = play(text, events={"hear": [{"n": 1}]})
    assert unheard.run.status == "waiting"


def test_what_the_run_never_comes_to_is_told(play: Play) -> None:
    found = play(
        AGENT_STEP, replies={"ada": [{"ok": True}]}, answers={"revue": ["x"]}, unanswered=["y"], events={"z": [1]}
    )
    assert set(found.unused) == {"answers.revue", "unanswered.y", "events.z"}


def test_every_way_out_of_a_step_has_its_name(play: Play) -> None:
    text = """
    state: {n: {type: integer, default: 0}}
    steps:
      - {id: maybe, when: "false", set: {n: 9}}
      - {id: count, set: {n: "${state.n + 1}"}, maxVisits: 2, onExhausted: stop}
      - id: choose
        switch: [{when: state.n == 5, then: stop}, {when: state.n == 1, then: count}]
        default: count
      - {id: stop, fail: {type: done, title: Done}}
    """
    assert play(text).ways == {
        ("main", "maybe", "skipped"), ("main", "count", "next"), ("main", "count", "onExhausted"),
        ("main", "choose", "switch[1]"), ("main", "choose", "default"), ("main", "stop", "failed"),
    }  # fmt: skip


def test_each_rehearsal_starts_from_an_empty_store(play: Play) -> None:
    text = """
    output: {found: "${steps.look.output}"}
    steps:
      - {id: look, function: search, with: {collection: notes, query: milk}}
      - {id: keep, function: artefact-put, with: {collection: notes, name: a, text: milk}}
    """
    assert play(text).run.output == play(text).run.output
