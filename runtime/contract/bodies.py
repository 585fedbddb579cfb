"""What routes are made of: bodies, answers, refusals, and the role that a caller needs."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from runtime.contract.values import Strict

PROBLEM = "application/problem+json"
CLOUD_EVENT = "application/cloudevents+json"

Role = Literal["reader", "operator", "approver", "admin"]
ROLES: tuple[Role, ...] = ("reader", "operator", "approver", "admin")
INCLUDES: dict[Role, tuple[Role, ...]] = {
    "reader": ("reader",),
    "operator": ("operator", "reader"),
    "approver": ("approver", "reader"),
    "admin": ROLES,
}
"""What each role may: its own routes, and those of the roles behind it."""
TENANT = "default"
"""Whose data it is where nobody has said it."""
Refusal = tuple[int, str, str]
"""Status, type and meaning of a problem."""


class Body(Strict):
    """A body; what is written below its fields is what OpenAPI says of them."""

    model_config = ConfigDict(use_attribute_docstrings=True, alias_generator=None)


class ProblemBody(Body):
    """Why a request is refused (RFC 9457)."""

    type: str
    """Kind of the problem, such as `not-found`; the same words that `onError` matches."""
    title: str
    """One sentence."""
    detail: str = ""
    """What exactly is wrong."""
    instance: str = ""
    """Step in which it happened."""
    status: int
    """The HTTP status again."""


class Asked(Body):
    """A body that is sent; a field that it does not know is refused."""


@dataclass(frozen=True)
class Parameter:
    """A value in the query or in a header."""

    name: str
    place: Literal["query", "header"]
    meaning: str
    type: Literal["string", "integer"] = "string"
    required: bool = False
    schema: dict[str, Any] = field(default_factory=dict[str, Any])
    """More that its JSON Schema says."""


@dataclass(frozen=True)
class Answer:
    """One way in which a request ends well, or in which a probe says no."""

    status: int
    meaning: str
    body: type[BaseModel] | None = None
    media: str = "application/json"
    """Empty for an answer without body."""
    schema: dict[str, Any] = field(default_factory=dict[str, Any])
    """JSON Schema where no model says it."""
    items: type[BaseModel] | None = None
    """Model of each item, where the body is a list."""


@dataclass(frozen=True)
class Route:
    """One operation."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    name: str
    """The operation's id."""
    summary: str
    text: str
    answers: tuple[Answer, ...]
    example: str
    """Arguments of a curl call after the address."""
    body: type[BaseModel] | dict[str, Any] | None = None
    """Model or JSON Schema of the request's body."""
    more_bodies: tuple[tuple[str, type[BaseModel]], ...] = ()
    """Other media types that are taken, with their models."""
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Every problem of its own."""
    role: Role | None = "reader"
    """Role that a caller needs; None for what is open to everybody and served by every role of the process."""
    group: Literal["own", "server"] = "own"
    """Whether it is of the runtime itself, or of the LangGraph server's protocol."""
