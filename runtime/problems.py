"""Findings of the runtime as values: problems of steps (RFC 9457) and failures that a person reads.

`Problem` travels in states, run records and answers of the API. `StepError` carries one up to the step that
handles it. `Failure` is what a command prints: one sentence, and what to do about it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

STATUS: Mapping[str, int] = {
    "invalid-input": 400,
    "rejected": 403,
    "permission-denied": 403,
    "not-found": 404,
    "conflict": 409,
    "cancelled": 409,
    "unknown-field": 422,
    "invalid-output": 422,
    "gate-failed": 422,
    "guardrail": 422,
    "expression": 422,
    "rate-limited": 429,
    "budget-exceeded": 429,
    "exhausted": 429,
    "too-many-steps": 429,
    "internal": 500,
    "workers-lost": 500,
    "unavailable": 503,
    "breaker-open": 503,
    "too-large": 413,
    "timeout": 504,
}
"""HTTP status of each type that the runtime itself reports; other types are 500."""

OF_API = ("unauthorized", "forbidden", "payload-too-large", "unsupported-media-type", "invalid-payload")
"""Types that only the API reports."""
TYPES = frozenset([*STATUS, *OF_API, "effect-unknown", "too-many-turns"])
"""Every type that the runtime itself reports; `fail` steps add types of their own."""


@dataclass(frozen=True)
class Problem:
    """Why something failed; `type` is what `onError` matches."""

    type: str
    title: str
    detail: str = ""
    instance: str = ""
    """Path of the step, sub-workflows included, such as `apm-cycle/create/design`."""
    status: int = 500

    def json(self) -> dict[str, Any]:
        """Return the body of an `application/problem+json` answer."""
        return {key: value for key, value in asdict(self).items() if value != ""}

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.title} ({self.type})" + (f": {self.detail}" if self.detail else "")


def problem(type_: str, title: str, detail: str = "", instance: str = "") -> Problem:
    """Return a problem with the status of its type."""
    return Problem(type_, title, detail, instance, STATUS.get(type_, 500))


def from_json(value: Mapping[str, Any]) -> Problem:
    """Return a problem from its JSON form; unknown members are dropped, as RFC 9457 asks of a client."""
    known: dict[str, Any] = {"type": "internal", "title": "Unknown problem"}
    known |= {key: value[key] for key in ("type", "title", "detail", "instance", "status") if key in value}
    return Problem(**known)


class StepError(Exception):
    """A step could not do its work."""

    def __init__(self, found: Problem) -> None:
        super().__init__(str(found))
        self.problem = found


def failed(type_: str, title: str, detail: str = "") -> StepError:
    """Return the exception of a problem; the step's path is added where it is caught."""
    return StepError(problem(type_, title, detail))


class StoreError(StepError):
    """The state store does not answer. No step has failed: the run goes on where it was, once the store is back."""


class LeaseLost(Exception):  # noqa: N818  (nothing is wrong here)
    """The run belongs to another worker now; whoever gets this stops working on it and writes nothing."""


class Failure(Exception):  # noqa: N818  (it is not a defect of ours: the environment refuses)
    """Nothing can be done, and a person has to know why."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
