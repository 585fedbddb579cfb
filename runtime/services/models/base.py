"""What a model is asked and what it answers, whoever provides it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.contract import ModelDocument
from runtime.problems import Problem, StepError

Message = Mapping[str, Any]
"""In the shape of OpenAI's chat API: `{role, content}`, with `tool_calls` or `tool_call_id` where tools are used."""


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model wants to be called."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One call of a model."""

    model: ModelDocument
    messages: Sequence[Message]
    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON Schema that the answer has to hold; empty for a text."""
    tools: Sequence[Mapping[str, Any]] = ()
    """Tools on offer: `{name, description, parameters}`."""
    run: str = ""
    shown: bool = True
    """The answer may be shown before it is whole."""
    heard: Callable[[str], None] | None = None
    """Gets parts of the answer while it is written, from providers that stream."""
    asker: str = ""
    """Agent, or model for a step without an agent: what scripted replies are looked up by."""


@dataclass(frozen=True)
class Reply:
    """What a model has answered; `text` is JSON when a schema was asked for."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    cut_off: bool = False
    """The answer was longer than `max_output_tokens`."""


class RateLimitedError(StepError):
    """The provider has had too many calls, and says when it takes the next."""

    def __init__(self, found: Problem, after: float | None) -> None:
        super().__init__(found)
        self.after = after
        """Seconds, if it said so."""


class Provider(Protocol):
    """Calls models."""

    async def complete(self, request: Request) -> Reply:
        """Return the answer.

        Raises:
            StepError: `timeout`, `unavailable`, `rate-limited` or `rejected`.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and servers."""
        ...
