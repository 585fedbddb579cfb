"""The HTTP API as data: every route with its bodies, answers and refusals; OpenAPI and the page are made of it.

A test holds the application to this table: what is served is written here, and what is written here is served.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from runtime.contract.bodies import CLOUD_EVENT, Answer, Asked, Body, Parameter, ProblemBody, Route
from runtime.contract.server_api import SERVER
from runtime.contract.threads_api import RunShown


class StartBody(Asked):
    """What is to be run."""

    workflow: str
    """Name of the workflow."""
    input: dict[str, Any] = Field(default_factory=dict)
    """Input, held to the workflow's schema."""
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    """Runs with a higher number are taken first."""


class AnswerBody(Asked):
    """An answer to what a run asks."""

    value: Any
    """The chosen option of an approval, or what the question's schema takes."""
    by: str = ""
    """Who answers, where the API asks for no key; otherwise it is the name of the key or token, and no other."""
    comment: str = ""
    """Kept with the answer."""
    to: str | None = None
    """Id or path of the question, where the run has several."""


class RunBody(Body):
    """A run."""

    id: str
    workflow: str
    digest: str
    """sha256 of the workflow document that it was started with, and stays with."""
    state: Literal["queued", "running", "waiting", "interrupted", "succeeded", "failed", "cancelled", "timeout"]
    attempt: int
    """How often a worker has taken it up."""
    created: int
    """Milliseconds since 1970."""
    started: int
    """Milliseconds since 1970; 0 before the first worker has taken it."""
    ended: int
    """Milliseconds since 1970; 0 until it has ended."""
    trigger: str
    """`api`, `manual`, or the channel or schedule that started it."""
    input: dict[str, Any]
    output: Any = None
    """What the workflow answers with, once it has succeeded."""
    problem: ProblemBody | None = None
    """Why it failed."""
    waiting: list[dict[str, Any]]
    """What it waits for: `{id, path, kind, message, options, schema, assignees, deadline, ...}`."""


class RunsBody(Body):
    """Runs, newest first."""

    runs: list[RunBody]


class StateBody(Body):
    """Where a run stands."""

    id: str
    state: str


class EventBody(Body):
    """An event that has been taken."""

    id: str
    """Its id: the channel's name, a colon, and the key that was given or made up."""
    channel: str
    duplicate: bool
    """The same event had been taken before; nothing happens again."""


class LetterBody(Body):
    """An event that could not be delivered."""

    id: str
    """Id of the event."""
    name: str
    """What its channel keeps such events under (`deadLetter`)."""
    channel: str
    payload: Any = None
    reason: str
    """Why its last attempt has failed."""
    at: int
    """When it was given up, in milliseconds since 1970."""


class LettersBody(Body):
    """Dead letters, oldest first."""

    letters: list[LetterBody]


class LetterNamed(Asked):
    """Which dead letter."""

    id: str


class CloudEvent(Body):
    """A CloudEvent (1.0, structured form); attributes that are not named here are ignored."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1)
    """Id at the source; `source` and `id` together are the key by which an event is taken once."""
    source: str = Field(min_length=1)
    """Who publishes it."""
    data: Any = None
    """The payload."""


class ReadyBody(Body):
    """Whether this process can work."""

    ready: bool
    store: bool
    """The state store answers."""
    draining: bool
    """The process is about to stop."""
    specs: dict[str, str]
    """Digest of every workflow document, by name."""


class AliveBody(Body):
    """The process lives."""

    alive: bool


ANY_START: dict[str, Any] = {
    "anyOf": [{"$ref": "#/components/schemas/StartBody"}, {"$ref": "#/components/schemas/RunAsked"}]
}
_TEXT = {"type": "string"}
_KEY = "One start or event for one key, however often it is sent."
_NO_RUN = (404, "not-found", "there is no such run")

OWN: tuple[Route, ...] = (
    Route(
        "GET", "/healthz", "healthz", "Whether the process lives", "For liveness probes; nothing is asked.",
        (Answer(200, "it lives", AliveBody),), "", role=None,
    ),
    Route(
        "GET", "/readyz", "readyz", "Whether the process can work", "For readiness probes; asks the state store.",
        (Answer(200, "ready", ReadyBody), Answer(503, "not ready", ReadyBody)), "", role=None,
    ),
    Route(
        "GET", "/metrics", "metrics", "Metrics for Prometheus", "docs/reference/metrics.md names all of them.",
        (Answer(200, "text exposition format", media="text/plain", schema=_TEXT),), "", role=None,
    ),
    Route(
        "GET", "/openapi.json", "openapi", "This description", "OpenAPI 3.1.",
        (Answer(200, "the description", schema={"type": "object"}),), "",
    ),
    Route(
        "POST", "/runs", "startRun", "Start a run",
        "Queues the run; a worker takes it up. The same `Idempotency-Key` again answers with the run that is there. "
        "With `assistant_id` instead of `workflow` it is a run of the LangGraph server's protocol.",
        (Answer(201, "queued; `Location` names the run", RunBody),
         Answer(200, "queued, where `assistant_id` was given", RunShown)),
        """-X POST -H 'Idempotency-Key: order-7' -d '{"workflow": "apm-cycle", "input": {}}'""",
        role="operator", body=ANY_START,
        parameters=(Parameter("Idempotency-Key", "header", f"Becomes the run's id. {_KEY}"),),
        refusals=((400, "invalid-input", "the body, or the input by the workflow's schema"),
                  (404, "not-found", "there is no such workflow"),
                  (409, "conflict", "the key has started a run of another workflow, or with another input")),
    ),
    Route(
        "GET", "/runs", "listRuns", "List runs, newest first", "", (Answer(200, "runs", RunsBody),), "",
        parameters=(Parameter("workflow", "query", "Runs of this workflow only."),
                    Parameter("state", "query", "Runs in this state only."),
                    Parameter("limit", "query", "How many, 50 by default and 500 at most.", "integer")),
        refusals=((400, "invalid-input", "`limit` is no number"),),
    ),
    Route(
        "GET", "/runs/{id}", "showRun", "Show a run", "", (Answer(200, "the run", RunBody),), "",
        refusals=(_NO_RUN,),
    ),
    Route(
        "POST", "/runs/{id}/cancel", "cancelRun", "Cancel a run",
        "A run that a worker executes ends within seconds; what its steps have done is undone where they say how.",
        (Answer(200, "it has ended", StateBody), Answer(202, "its worker is told", StateBody)), "-X POST",
        role="operator",
        refusals=(_NO_RUN,),
    ),
    Route(
        "POST", "/runs/{id}/revive", "reviveRun", "Take up a run again that was given up",
        "A run over which workers have died one after the other fails as `workers-lost` and is kept. It goes on "
        "from its last checkpoint, with all its attempts; the time in between does not count.",
        (Answer(200, "the run, queued", RunBody),), "-X POST",
        role="operator",
        refusals=(_NO_RUN, (409, "conflict", "the run was not given up, or belongs to a thread")),
    ),
    Route(
        "POST", "/runs/{id}/answer", "answerRun", "Answer what a run asks", "The run is queued and goes on.",
        (Answer(200, "the run", RunBody),), """-X POST -d '{"value": "accept"}'""",
        role="approver", body=AnswerBody,
        refusals=((400, "invalid-input", "no `value`, none of the options, or refused by the question's schema"),
                  (403, "forbidden",
                   "the caller has no such role, is of no team that is asked, or `by` names somebody else"),
                  _NO_RUN,
                  (409, "conflict", "the run does not wait for that (any more), or the caller has chosen already")),
    ),
    Route(
        "GET", "/runs/{id}/events", "followRun", "Follow a run",
        "Server-sent events, old ones first and new ones as they come, until the run has ended. `id` is the number of "
        "the event, `event` its kind (`step-ended`, `run-ended`, ...), `data` JSON.",
        (Answer(200, "a stream", media="text/event-stream", schema=_TEXT),), "-N",
        parameters=(Parameter("Last-Event-ID", "header", "Number of the last event that is known already."),
                    Parameter("follow", "query", "`false`: only what has happened so far; `true` by default.",
                              schema={"enum": ["true", "false"]})),
        refusals=((400, "invalid-input", "`follow` is something else"), _NO_RUN),
    ),
    Route(
        "POST", "/channels/{name}/events", "publishEvent", "Publish an event on a channel",
        "The body is the payload, held to the channel's schema; Alertmanager's webhook sends its notification in this "
        f"way. With the content type `{CLOUD_EVENT}` it is a CloudEvent, whose `data` is the payload. The scheduler "
        "hands the event to workflows that the channel triggers and to runs that listen, within a second. Without a "
        "key every request is an event of its own.",
        (Answer(202, "taken", EventBody),),
        """-X POST -H 'Idempotency-Key: movement-7' -d @payload.json""",
        role="operator", body={}, more_bodies=((CLOUD_EVENT, CloudEvent),),
        parameters=(Parameter("Idempotency-Key", "header", f"{_KEY} A CloudEvent's `source` and `id` do the same."),),
        refusals=((400, "invalid-input", "the body is not JSON"), (404, "not-found", "no workflow knows this channel"),
                  (409, "conflict", "the key has published another payload"),
                  (422, "invalid-payload", "the channel's schema refuses the payload, or it is no CloudEvent")),
    ),
    Route(
        "GET", "/letters", "listLetters", "List dead letters, oldest first",
        "Events of channels that could not be delivered, with the reason.", (Answer(200, "letters", LettersBody),), "",
        role="operator",
        parameters=(Parameter("name", "query", "Letters under this name only (`deadLetter` of their channel)."),
                    Parameter("limit", "query", "How many, 100 by default and 500 at most.", "integer")),
        refusals=((400, "invalid-input", "`limit` is no number"),),
    ),
    Route(
        "POST", "/letters/redeliver", "redeliverLetter", "Deliver a dead letter again",
        "The scheduler delivers the event within a second, for example to a workflow that was corrected; runs that it "
        "had started are not started twice.",
        (Answer(202, "it is delivered again", LetterNamed),), """-X POST -d '{"id": "orders:movement-7"}'""",
        role="operator", body=LetterNamed,
        refusals=((404, "not-found", "there is no such letter"),),
    ),
)  # fmt: skip
"""The runtime's own operations."""

ROUTES: tuple[Route, ...] = (*OWN, *SERVER)
"""Every operation, in the order of the reference page."""
