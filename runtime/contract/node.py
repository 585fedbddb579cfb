"""What a node type is, what it sees of its run, and what it may ask of the runtime."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from runtime.contract.documents import Budget, ResilienceDocument, WorkflowDocument
from runtime.contract.steps import Step

T = TypeVar("T")

# --- waiting ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pause:
    """What a run waits for; it is stored with the run, so all values are plain JSON."""

    kind: Literal["approval", "ask", "timer", "event"]
    message: str = ""
    options: tuple[str, ...] = ()
    """Answers that an approval accepts."""
    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON Schema that an answer is held to."""
    assignees: tuple[str, ...] = ()
    """Teams that may answer."""
    payload: Any = None
    """What the person needs to see."""
    channel: str = ""
    """Channels that are listened to, for people."""
    heard: tuple[Mapping[str, Any], ...] = ()
    """Events: `{channel, when, scope}`; `when` is a CEL condition over the scope and `output`, the payload."""
    join: Literal["", "any", "all"] = ""
    """Whether the first event counts, or all have to come; empty for one."""
    edit: bool = False
    """Whether the answer to an approval may be `{decision, payload}`, with a payload that `schema` holds."""
    required: int = 1
    """How many people have to choose the same option."""
    since: int | None = None
    """Events from this time on count, in milliseconds since 1970."""
    deadline: int | None = None
    """When the pause ends by itself, in milliseconds since 1970."""


@dataclass(frozen=True)
class Answer:
    """What ended a pause."""

    value: Any = None
    by: str = ""
    comment: str = ""
    timed_out: bool = False
    votes: Sequence[Mapping[str, Any]] = ()
    """What each person has chosen, where several have to: `{by, value, comment}`."""


# --- what a node may ask for ----------------------------------------------------------------------------------------


class Services(Protocol):
    """Everything outside the run that a node can reach.

    Every method raises `runtime.problems.StepError` with a typed problem when it cannot answer.
    """

    def now(self) -> int:
        """Return milliseconds since 1970, by the clock of the runtime."""
        ...

    def random(self) -> float:
        """Return a number from 0 to 1, for jitter."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that time."""
        ...

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what the work returns; raises `TimeoutError` when it takes longer."""
        ...

    async def guarded(self, policy: ResilienceDocument, work: Callable[[], Awaitable[T]]) -> T:
        """Do work behind the rate limit and the circuit breaker of a policy."""
        ...

    def folder(self) -> Path:
        """Return the folder that functions may read and write."""
        ...

    async def keep(self, collection: str, name: str, text: str, context: "Context") -> None:
        """Keep a text as an artefact."""
        ...

    async def kept(self, key: str) -> Any:
        """Return what was kept under a key, while its time lasts; None for nothing."""
        ...

    async def keep_for(self, key: str, value: Any, millis: int) -> None:
        """Keep a value under a key for that time."""
        ...

    async def find(self, collection: str, words: tuple[str, ...], limit: int) -> list[dict[str, Any]]:
        """Return artefacts with these words, best first: `{name, text, score}`."""
        ...

    async def agent(self, name: str, task: Mapping[str, Any], context: "Context") -> Any:
        """Let an agent do a task and return its answer, held to its output schema."""
        ...

    async def model(self, name: str, prompt: str, schema: Mapping[str, Any], context: "Context") -> Any:
        """Return one answer of a model: a text, or a value that the schema holds."""
        ...

    async def tool(self, name: str, arguments: Mapping[str, Any], context: "Context") -> Any:
        """Call a tool of the document."""
        ...

    async def function(self, name: str, arguments: Mapping[str, Any], context: "Context") -> Any:
        """Call a registered function."""
        ...

    async def http(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, context: "Context"
    ) -> Mapping[str, Any]:
        """Send a request; returns `{status, body}`."""
        ...

    async def emit(self, channel: str, payload: Any, context: "Context") -> str:
        """Publish an event and return its id; publishing again with the same context changes nothing."""
        ...


@dataclass(frozen=True)
class Pot:
    """A budget and the name under which its use is counted."""

    id: str
    budget: Budget


def pot_of(run: str) -> str:
    """Return the name of the pot of a run, or of a part of one: whatever it is called, it is no pot of a day."""
    return f"run/{run}"


@dataclass(frozen=True)
class Context:
    """What a node sees of its run: the roots of expressions, the document, and the services."""

    document: WorkflowDocument
    scope: Mapping[str, Any]
    """Roots of expressions: `input`, `state`, `steps`, `item`, `run`."""
    services: Services
    pause: Callable[[Pause], Answer]
    """Stops the run until somebody or something answers; the step is then executed again from its start."""
    key: str
    """The same text whenever this visit of the step is executed again: run, path of the step, number of the visit."""
    idempotency_key: str = ""
    """What an effect sends along: `idempotencyKey` of the step, or else `key`."""
    attempt: str = "1"
    """Number of the attempt, those of the workflows around first (`1.2`); a new attempt asks models anew."""
    step: str = ""
    """Id of the step."""
    path: str = ""
    """Path of the step, such as `apm-cycle/create/design`: the `instance` of its problems."""
    pots: tuple[Pot, ...] = ()
    """Budgets that this step spends from, the run's first."""
    watch: Callable[[str, Mapping[str, Any]], None] = lambda kind, data: None
    """Records an event of the run: kind and data."""


# --- node types ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Needs:
    """What a node type does to the graph and the cluster."""

    effect: bool = False
    """It may change something outside the run."""
    waits: bool = False
    """It may pause the run for a person, a timer or an event."""


@dataclass(frozen=True)
class NodeType:
    """One workflow verb: what may be written under it and how it runs.

    `run(step, context)` gets the validated step and the `Context` of this visit and returns the step's output.
    Verbs that steer or hold other steps (`switch`, `parallel`, `forEach`, `workflow`) are built by `runtime.graph` and
    have no `run`.
    """

    name: str
    step: type[Step]
    run: Callable[[Any, Context], Awaitable[Any]] | None = None
    needs: Needs = Needs()
    saves: bool = False
    """The output is a mapping of state fields, and is written to them."""


@dataclass(frozen=True)
class Function:
    """One function that the runtime image ships, for `function:` steps and for tools.

    `run(arguments, context)` gets arguments that `input` has accepted.
    """

    name: str
    description: str
    run: Callable[[Mapping[str, Any], Context], Awaitable[Any]]
    effect: Literal["read", "write", "deploy", "notify"] = "read"
    input: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON Schema of the arguments."""
    output: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON Schema of the result."""
