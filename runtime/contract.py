"""What the generator writes and the runtime reads: values, steps, documents, and what a node type is.

Both packages validate with these models, so a rendered document that the generator accepted is one that the runtime
can run. Nothing here imports LangGraph, pymongo or a model client.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

FORMAT: Literal["apm.workflow/v1"] = "apm.workflow/v1"
"""The version of the rendered workflow document."""

PORT = 8080
"""Where the API answers; also `/metrics`, `/healthz` and `/readyz`."""

SPEC_DIR = "/etc/apm/specs"
"""Where the cluster mounts the rendered workflow documents, one `<name>.yaml` each."""


class Strict(BaseModel):
    """Refuses unknown fields and later changes; camelCase outside, snake_case inside."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        strict=True,
    )


T = TypeVar("T")
Many: TypeAlias = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in YAML, a tuple here; its items stay strict."""


# --- values ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ref:
    """Marks a field that names another spec of this kind."""

    kind: str


@dataclass(frozen=True)
class FileRef:
    """Marks a field that names a file beside the spec, and what the file holds."""

    holds: Literal["prompt", "json-schema", "text"]


@dataclass(frozen=True)
class Expr:
    """Marks a field that is a bare CEL expression of this result type."""

    result: Literal["bool", "any"] = "any"


@dataclass(frozen=True)
class Template:
    """Marks a field (a text, or a tree of values) that may hold `${ CEL }` or, in prose, `{{ Jinja }}`."""

    language: Literal["cel", "jinja"] = "cel"


UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_MONEY = re.compile(r"(\d+(?:\.\d{1,4})?) ([A-Z]{3})")
_SECRET = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?)/([-._a-zA-Z0-9]+)")


def _fullmatch(pattern: re.Pattern[str], code: str, message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise PydanticCustomError(code, message)  # pyright: ignore[reportArgumentType]
        return text

    return AfterValidator(check)


Name: TypeAlias = Annotated[
    str,
    _fullmatch(_NAME, "name", "a name has 1 to 63 lower-case letters, digits and '-', and starts and ends with none"),
]
"""A DNS-1123 label."""

Duration: TypeAlias = Annotated[
    str, _fullmatch(_DURATION, "duration", "a duration is a number and ms, s, m, h or d, such as 30s or 24h")
]
Money: TypeAlias = Annotated[
    str, _fullmatch(_MONEY, "money", "an amount is a number and a currency, such as 5 EUR or 0.25 USD")
]
SecretRef: TypeAlias = Annotated[
    str, _fullmatch(_SECRET, "secret-ref", "a secret is referenced as name/key, such as mongodb-credentials/uri")
]


def millis(duration: str) -> int:
    """Return a `Duration` in milliseconds."""
    match = _DURATION.fullmatch(duration)
    assert match, duration
    return int(float(match[1]) * UNITS[match[2]])


# --- steps ----------------------------------------------------------------------------------------------------------


class Retry(Strict):
    """How often and when a failed step is tried again."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Attempts in all, the first one included."""
    initial_interval: Duration = "1s"
    """Pause before the second attempt."""
    backoff_factor: Annotated[float, Field(ge=1)] = 2.0
    """What each further pause is multiplied by."""
    max_interval: Duration = "60s"
    """The longest pause."""
    jitter: bool = True
    """Pauses are drawn between zero and the computed pause, so that clients do not come back together."""
    retry_on: Many[str] = ("timeout", "unavailable", "rate-limited")
    """Problem types that are worth another attempt."""


class OnError(Strict):
    """What follows when a step fails for good."""

    match: str = "*"
    """Problem type, or `*` for any."""
    goto: str
    """Step that follows."""


class Step(Strict):
    """What every step may say, whatever its verb is."""

    id: Name
    """Name of the step, unique in its workflow."""
    description: str = ""
    """One sentence for diagrams and for people."""
    when: Annotated[str | None, Expr("bool")] = None
    """CEL condition; the step is skipped when it is false."""
    save: Annotated[dict[str, Any], Template()] = Field(default_factory=dict)
    """State fields that the step writes; `output` is the result of the step."""
    next: str | None = None
    """Step that follows instead of the one below; `end` ends the workflow (or the branch)."""
    timeout: Duration | None = None
    """Time for all attempts of the step."""
    retry: Retry | None = None
    """Overrides the retry of the resilience policy."""
    resilience: Annotated[str | None, Ref("Resilience")] = None
    """Named policy for timeout, retry, breaker and rate."""
    on_error: Many[OnError] = ()
    """Where to go when the step has failed for good; the first match counts."""
    max_visits: Annotated[int | None, Field(ge=1, le=1000)] = None
    """How often a run may come here; guards a cycle."""
    on_exhausted: str | None = None
    """Step that follows when `maxVisits` is used up; without it the run fails."""
    idempotency_key: Annotated[str | None, Template()] = None
    """Sent with an effect, so that the target does it once."""


class Inputs(Strict):
    """Mixed into steps that hand values to something."""

    with_: Annotated[dict[str, Any], Template()] = Field(default_factory=dict, alias="with")
    """Values that are handed over; `${ }` is CEL over `input`, `state`, `steps`, `item` and `run`."""


State: TypeAlias = Mapping[str, Any]


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
    Verbs that only steer (`switch`, `parallel`, `forEach`) are built by `runtime.graph` and have no `run`.
    """

    name: str
    step: type[Step]
    run: Callable[[Any, "Context"], Awaitable[Any]] | None = None
    needs: Needs = Needs()


@dataclass(frozen=True)
class Context:
    """What a node sees of its run: the roots of expressions, the document, and the services."""

    document: "WorkflowDocument"
    scope: Mapping[str, Any]
    """Roots of expressions: `input`, `state`, `steps`, `item`, `run`."""
    services: Any
    key: str
    """The same text whenever this visit of the step is executed again: thread, task and number."""


# --- documents ------------------------------------------------------------------------------------------------------


class Field_(Strict):  # noqa: N801  (the name Field is pydantic's)
    """One field of a workflow's state."""

    type: Literal["string", "integer", "number", "boolean", "array", "object", "any"] = "any"
    """JSON type of the value."""
    reducer: Literal["replace", "append", "merge", "add", "max", "min"] = "replace"
    """How a write joins what is there; parallel writers need one other than `replace`."""
    default: Any = None
    """Value before the first write; without it `null`, or empty for `append` and `merge`."""
    description: str = ""


class Limits(Strict):
    """Bounds of one run."""

    timeout: Duration = "1h"
    """Time from start to end, waiting included."""
    max_steps: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Steps that a run may execute; sub-workflows count for themselves."""


class Budget(Strict):
    """One pot that a run and everything below it spends from."""

    max_tokens: Annotated[int | None, Field(ge=1)] = None
    """Tokens of all model calls, in and out."""
    max_cost: Money | None = None
    """Money for model calls, by the price table of the runtime."""
    on_exceeded: Literal["fail", "approve"] = "fail"
    """Whether the run fails or asks a person."""


class ModelDocument(Strict):
    """A language model as the runtime calls it."""

    name: str
    provider: str
    """`local`, `scripted`, `openai-compatible`, or a LangChain provider name such as `openai` or `anthropic`."""
    model: str = ""
    endpoint: str | None = None
    secret_env: str | None = None
    """Environment variable that holds the key."""
    temperature: float = 0.0
    max_output_tokens: int = 1024
    timeout: Duration = "60s"
    fallback: Many[str] = ()
    """Models to try in turn when this one does not answer."""


class ToolDocument(Strict):
    """A tool as the runtime calls it: exactly one of `mcp`, `http`, `function` is set."""

    name: str
    description: str = ""
    effect: Literal["read", "write", "deploy", "notify"] = "read"
    mcp: "McpCall | None" = None
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
    """A tool of an MCP server (streamable HTTP)."""

    url: str
    tool: str


class HttpCall(Strict):
    """An HTTP operation; arguments travel as JSON body, or as query for GET."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)


class Permissions(Strict):
    """What an agent may do with its tools, by tool name or effect; deny wins over ask, ask over allow."""

    allow: Many[str] = ("read",)
    ask: Many[str] = ()
    deny: Many[str] = ()


class AgentDocument(Strict):
    """An agent as the runtime calls it."""

    name: str
    role: str
    instructions: str
    """Jinja2 template (sandboxed) over the roots of expressions."""
    model: str
    tools: Many[str] = ()
    permissions: Permissions = Permissions()
    output: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema that the answer is held to."""
    gates: dict[str, str] = Field(default_factory=dict)
    """Quality gates: CEL over `output`, by name; a gate that does not hold fails the step as `gate-failed`."""
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
    budget: Budget = Budget()
    triggers: Many[TriggerDocument] = ()
    steps: tuple[dict[str, Any], ...]
    """Steps as written; `runtime.steps.parse` turns each into the model of its verb."""
    agents: dict[str, AgentDocument] = Field(default_factory=dict)
    tools: dict[str, ToolDocument] = Field(default_factory=dict)
    models: dict[str, ModelDocument] = Field(default_factory=dict)
    channels: dict[str, ChannelDocument] = Field(default_factory=dict)
    resilience: dict[str, ResilienceDocument] = Field(default_factory=dict)
    workflows: dict[str, str] = Field(default_factory=dict)
    """Sub-workflows, by name, with their digests."""
