"""Bodies of assistants, threads and runs on threads: the protocol of the LangGraph server, as its clients speak it.

Names and shapes are those of `langgraph-sdk`; what a field does here is written below it.
"""

from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, field_validator

from runtime.contract.bodies import Asked, Body

KEY = r"^[^/\x00-\x1f]+$"
Limit = Annotated[int, Field(ge=1, le=1000)]
Offset = Annotated[int, Field(ge=0, le=1_000_000)]
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=KEY)]
Metadata = dict[str, Any]
StreamMode = Literal["values", "updates", "messages", "messages-tuple", "custom", "debug", "tasks", "events"]
"""`events` are the runtime's own events of the run."""
RunState = Literal["pending", "running", "error", "success", "timeout", "interrupted"]
ThreadState = Literal["idle", "busy", "interrupted", "error"]
Order = Literal["asc", "desc"]


class AssistantAsked(Asked):
    """A workflow with values of its own for its input."""

    graph_id: str
    """Name of the workflow."""
    assistant_id: Id | None = None
    """Made up without one."""
    name: str = ""
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)
    """Values for the input of its runs, where they say nothing else."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Kept, and shown; nothing in it changes a run."""
    if_exists: Literal["raise", "do_nothing"] = "raise"


class AssistantPatch(Asked):
    """What is to be another version of an assistant."""

    graph_id: str | None = None
    name: str | None = None
    description: str | None = None
    metadata: Metadata | None = None
    """Joined to what is there."""
    context: dict[str, Any] | None = None
    config: dict[str, Any] | None = None


class VersionAsked(Asked):
    """Which version is to be in force."""

    version: Annotated[int, Field(ge=1)]


class Page(Asked):
    """Which part of a list."""

    limit: Limit = 10
    offset: Offset = 0
    metadata: Metadata = Field(default_factory=dict)
    """Only those with these values in their metadata."""


class AssistantsAsked(Page):
    """Which assistants."""

    graph_id: str | None = None
    name: str | None = None
    """Part of the name."""
    sort_by: Literal["assistant_id", "graph_id", "name", "created_at", "updated_at"] | None = None
    sort_order: Order | None = None
    select: list[str] | None = None
    """Fields that are wanted; all without it."""


class AssistantShown(Body):
    """An assistant: every workflow that is served is one, and so is what people have made of it."""

    assistant_id: str
    graph_id: str
    """Name of the workflow."""
    name: str
    description: str | None = None
    config: dict[str, Any]
    context: dict[str, Any]
    metadata: Metadata
    version: int
    """Of a workflow that is served: its version in the specs."""
    created_at: str
    updated_at: str


class ThreadAsked(Asked):
    """A new thread."""

    thread_id: Id | None = None
    """Made up without one."""
    metadata: Metadata = Field(default_factory=dict)
    if_exists: Literal["raise", "do_nothing"] = "raise"


class ThreadPatch(Asked):
    """What changes of a thread."""

    metadata: Metadata = Field(default_factory=dict)
    """Joined to what is there."""


class ThreadsAsked(Page):
    """Which threads."""

    ids: list[str] | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    """Only those with these values in their state."""
    status: ThreadState | None = None
    workflow: str | None = None
    """Only those whose newest run is of this workflow; not in the protocol of LangGraph."""
    sort_by: Literal["thread_id", "status", "created_at", "updated_at"] | None = None
    sort_order: Order | None = None
    select: list[str] | None = None
    """Fields that are wanted; all without it."""


class PruneAsked(Asked):
    """Threads to forget."""

    thread_ids: Annotated[list[str], Field(max_length=1000)]
    strategy: Literal["delete"] = "delete"


class InterruptShown(Body):
    """A question that a run waits for."""

    id: str
    value: Any
    """The message of an `ask`; of an approval `{message, options, payload}`."""


class ThreadShown(Body):
    """A thread."""

    thread_id: str
    created_at: str
    updated_at: str
    metadata: Metadata
    status: ThreadState
    values: dict[str, Any]
    """State of the workflow that ran last, and what it answered with."""
    interrupts: dict[str, list[InterruptShown]]
    """What is asked, by step."""


class CheckpointShown(Body):
    """A place in the history of a thread."""

    thread_id: str
    checkpoint_ns: str = ""
    checkpoint_id: str | None = None


class TaskShown(Body):
    """A step that is next."""

    id: str
    name: str
    error: str | None = None
    interrupts: list[InterruptShown]
    checkpoint: None = None
    state: None = None
    result: None = None


class StateShown(Body):
    """State of a thread at one time."""

    values: dict[str, Any]
    next: list[str]
    """Steps that are next; none when the run has ended."""
    checkpoint: CheckpointShown
    metadata: Metadata
    created_at: str | None = None
    parent_checkpoint: CheckpointShown | None = None
    tasks: list[TaskShown]
    interrupts: list[InterruptShown]


class StateAsked(Asked):
    """State fields to be set by hand."""

    values: dict[str, Any] | None = None
    """Fields and what joins them, by the reducer of each field."""


class StateSet(Body):
    """Where the state was set."""

    checkpoint: CheckpointShown


class HistoryAsked(Asked):
    """Which part of a history."""

    limit: Limit = 10
    before: Any = None
    """Checkpoint (or its id) before which the history is wanted."""
    metadata: Metadata = Field(default_factory=dict)


class CommandAsked(Asked):
    """How a run that waits goes on."""

    resume: Any = None
    """The answer to what is asked; by id, `{id: answer}`, where there are several questions."""
    update: dict[str, Any] | None = None
    """State fields that are set before it goes on."""


Steps = list[str] | Literal["*"]


class RunAsked(Asked):
    """A run of an assistant."""

    assistant_id: Id
    """Id of an assistant, or name of a workflow (`_` is read as `-` where there is no such name)."""
    input: dict[str, Any] | None = None
    """Input, held to the workflow's schema."""
    command: CommandAsked | None = None
    """Goes on with the run that waits, instead of a new one."""
    metadata: Metadata = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)
    """More values for the input, below those of `input`."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Kept with the run; nothing in it changes the run."""
    stream_mode: StreamMode | list[StreamMode] = "values"
    stream_subgraphs: bool = False
    """Also what happens in sub-workflows."""
    interrupt_before: Steps = Field(default_factory=list)
    """Steps before which the run stops."""
    interrupt_after: Steps = Field(default_factory=list)
    """Steps after which the run stops."""
    multitask_strategy: Literal["reject", "enqueue", "interrupt", "rollback"] = "enqueue"
    """What happens when another run has the thread."""
    if_not_exists: Literal["reject", "create"] = "reject"
    """Whether a thread that is not there is made."""
    on_disconnect: Literal["cancel", "continue"] = "continue"
    """What becomes of the run when whoever waits for it, or follows it, goes away."""
    on_completion: Literal["delete", "keep"] = "keep"
    """Whether a run without thread is forgotten once its result has been handed over."""
    after_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 0
    """How long it is not started yet."""
    stream_resumable: bool = True
    """Streams can always be taken up again with `Last-Event-ID`."""
    durability: Literal["sync", "async", "exit"] | None = None
    """The runtime itself knows which steps are worth a checkpoint; every value means the same."""

    @field_validator("stream_mode")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return cast("list[Any]", value) if isinstance(value, list) else [value]


class RunShown(Body):
    """A run of an assistant."""

    run_id: str
    thread_id: str
    """Its thread; the id of the run itself where it has none."""
    assistant_id: str
    created_at: str
    updated_at: str
    status: RunState
    metadata: Metadata
    kwargs: dict[str, Any]
    """Input and options that it was started with."""
    multitask_strategy: str


class CancelAsked(Asked):
    """Runs to be cancelled."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string"}}} for name in ("thread_id", "status")
            ]
        }
    )
    thread_id: str | None = None
    run_ids: list[str] | None = None
    status: Literal["pending", "running", "all"] | None = None
