"""The rendered workflow document: one workflow with everything it needs to run, apart from its sub-workflows."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runtime.contract.agents import Decision, Guardrail, Permissions, Strategy
from runtime.contract.memory import MemoryDocument, MemoryUse
from runtime.contract.steps import Retry
from runtime.contract.values import Duration, Many, Money, Name, Strict

FORMAT: Literal["apm.workflow/v1"] = "apm.workflow/v1"
"""The version of the rendered workflow document."""

PORT = 8080
"""Where the API answers; also `/metrics`, `/healthz` and `/readyz`."""

SPEC_DIR = "/etc/apm/specs"
"""Where the cluster mounts the rendered workflow documents, one `<name>.yaml` each."""


class Field_(Strict):  # noqa: N801  (the name Field is pydantic's)
    """One field of a workflow's state."""

    type: Literal["string", "integer", "number", "boolean", "array", "object", "any"] = "any"
    """JSON type of the value."""
    reducer: Literal["replace", "append", "merge", "add", "max", "min"] = "replace"
    """How a write joins what is there; parallel writers need one other than `replace`."""
    default: Any = None
    """Value before the first write; without it `null`, or empty for `append` and `merge`."""
    description: str = ""
    """What it holds, for people."""


class Limits(Strict):
    """Bounds of one run."""

    timeout: Duration = "1h"
    """Time from start to end, waiting included."""
    max_steps: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Steps that a run may execute; sub-workflows count for themselves."""
    max_concurrent_runs: Annotated[int | None, Field(ge=1)] = None
    """Runs that workers execute at the same time, the others stay queued; runs that wait and sub-workflows do not
    count."""


class DayBudget(Strict):
    """One pot that all runs of a day spend from; the day is that of UTC."""

    max_tokens: Annotated[int | None, Field(ge=1)] = None
    """Tokens of all model calls, in and out."""
    max_cost: Money | None = None
    """Money for model calls, by the price table of the runtime."""


class Budget(Strict):
    """One pot that a run and everything below it spends from."""

    max_tokens: Annotated[int | None, Field(ge=1)] = None
    """Tokens of all model calls, in and out."""
    max_cost: Money | None = None
    """Money for model calls, by the price table of the runtime."""
    on_exceeded: Literal["fail", "approve"] = "fail"
    """Whether the run fails or asks a person."""


class WorkflowBudget(Budget):
    """What a run of a workflow may spend, and all runs of a day together."""

    per_day: DayBudget | None = None
    """What all runs of the workflow may spend in a day, apart from those as a sub-workflow; `onExceeded` counts here
    too."""


class ModelDocument(Strict):
    """A language model as the runtime calls it."""

    name: str
    provider: str
    """`local`, `scripted`, `openai-compatible`, or a LangChain provider name such as `openai` or `anthropic`."""
    model: str = ""
    replies: str = ""
    """Text of a file of replies, for `scripted`."""
    endpoint: str | None = None
    secret_env: str | None = None
    """Environment variable that holds the key."""
    temperature: float = 0.0
    max_output_tokens: int = 1024
    timeout: Duration = "60s"
    stream: bool = False
    """Parts of answers are events of the run while they are written."""
    price_in: Money | None = None
    """Price of a million tokens that go in; a `maxCost` budget needs it, except for `local` and `scripted`."""
    price_out: Money | None = None
    """Price of a million tokens that come out."""
    fallback: Many[str] = ()
    """Models to try in turn when this one does not answer."""


class ToolDocument(Strict):
    """A tool as the runtime calls it: exactly one of `mcp`, `http`, `function` is set."""

    name: str
    description: str = ""
    effect: Literal["read", "write", "deploy", "notify"] = "read"
    mcp: "McpCall | None" = None
    command: Many[str] = ()
    """Program and arguments of the MCP server that `mcp` names."""
    http: "HttpCall | None" = None
    function: str | None = None
    """Name of a function that the runtime image ships."""
    input: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of the arguments."""
    output: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of the result."""
    idempotent: bool = False
    """The target does a call once for one idempotency key."""
    timeout: Duration = "30s"
    secret_env: str | None = None


class McpCall(Strict):
    """A tool of an MCP server: behind an address (streamable HTTP), or a program (stdio)."""

    url: str | None = None
    """Address of the server."""
    server: Name | None = None
    """Program that the Environment declares under `mcpServers`."""
    tool: str
    """Name of the tool at the server."""

    @model_validator(mode="after")
    def _one(self) -> "McpCall":
        if (self.url is None) == (self.server is None):
            raise PydanticCustomError("mcp-transport", "an MCP server is exactly one of url and server")
        return self


class HttpCall(Strict):
    """An HTTP operation; arguments travel as JSON body, or as query for GET."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """HTTP method."""
    url: str
    """Absolute address."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Request headers; never a credential, that is the tool's `secret`."""


class AgentDocument(Strict):
    """An agent as the runtime calls it."""

    name: str
    role: str
    instructions: str
    """Jinja2 template (sandboxed) over the roots of expressions; `input` is what the step hands over with `with`."""
    model: str
    tools: Many[str] = ()
    permissions: Permissions = Permissions()
    output: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema that the answer is held to."""
    gates: dict[str, str] = Field(default_factory=dict)
    """Quality gates: CEL over `output`, by name; a gate that does not hold fails the step as `gate-failed`."""
    guardrails: dict[str, Guardrail] = Field(default_factory=dict)
    """What is looked at on the way in, on the way out, and around tools, by name."""
    decisions: dict[str, Decision] = Field(default_factory=dict)
    """Fields of the answer that workflows decide by, with what counts when it is not one of the labels."""
    memory: MemoryUse | None = None
    """What it remembers."""
    sub_agents: Many[str] = ()
    """Agents that work for it."""
    strategy: Strategy | None = None
    """How they work together."""
    max_rounds: int = 3
    """Rounds, hand-overs or tasks of the team at most."""
    until: str | None = None
    """CEL over `output`, the last answer: when it holds, a `round_robin` is over."""
    max_turns: int = 6
    """Model calls for one task, tool calls included."""
    budget: Budget = Budget()


class ChannelDocument(Strict):
    """A channel of events."""

    name: str
    payload: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of an event's payload."""
    priority: int = 0
    max_attempts: int = 3
    dead_letter: str | None = None


class Breaker(Strict):
    """Stops calling a target that keeps failing."""

    failures: Annotated[int, Field(ge=1)] = 5
    """Failures in a row that open it."""
    open_for: Duration = "60s"
    """How long it stays open before one probe is let through."""


class ResilienceDocument(Strict):
    """A named policy for calls."""

    name: str
    timeout: Duration | None = None
    retry: Retry = Retry(max_attempts=1)
    breaker: Breaker | None = None
    rate_per_minute: int | None = None


class TriggerDocument(Strict):
    """What starts a run, besides people: exactly one of `cron` and `channel`."""

    cron: str | None = None
    time_zone: str | None = None
    channel: str | None = None
    concurrency_policy: Literal["Allow", "Forbid", "Replace"] = "Forbid"
    starting_deadline: Duration | None = None
    input: dict[str, Any] = Field(default_factory=dict)


class WorkflowDocument(Strict):
    """One workflow with everything it needs to run, apart from its sub-workflows."""

    format: Literal["apm.workflow/v1"]
    name: str
    version: int
    owner: str
    digest: str
    """sha256 of the content and of the sub-workflows' digests: runs are pinned to it."""
    description: str = ""
    environment: str
    protected: bool = False
    """The environment is protected: the `scripted` provider is refused."""
    input: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of the input."""
    state: dict[str, Field_] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)
    """What the run answers with: values with `${ }` over `input`, `state` and `steps`."""
    limits: Limits = Limits()
    budget: WorkflowBudget = WorkflowBudget()
    triggers: Many[TriggerDocument] = ()
    steps: Many[dict[str, Any]]
    """Steps as written; `runtime.steps.parse` turns each into the model of its verb."""
    agents: dict[str, AgentDocument] = Field(default_factory=dict)
    tools: dict[str, ToolDocument] = Field(default_factory=dict)
    models: dict[str, ModelDocument] = Field(default_factory=dict)
    memories: dict[str, MemoryDocument] = Field(default_factory=dict)
    channels: dict[str, ChannelDocument] = Field(default_factory=dict)
    resilience: dict[str, ResilienceDocument] = Field(default_factory=dict)
    workflows: dict[str, str] = Field(default_factory=dict)
    """Sub-workflows, by name, with their digests."""
