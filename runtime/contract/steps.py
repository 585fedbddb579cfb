"""What every step may say, whatever its verb is."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from runtime.contract.values import Duration, Expr, Many, Ref, StepName, Strict, Template

if TYPE_CHECKING:
    from runtime.contract.steps import Step as AnyStep


class Retry(Strict):
    """How often and when a failed step is tried again."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Attempts in all, the first one included, where `retry` is written; without it there is one."""
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


class Cache(Strict):
    """How long the output of a step is given again."""

    key: Annotated[str, Template()]
    """What the output depends on: executions with the same text share it, over all runs of this workflow document."""
    ttl: Duration
    """How long it is kept."""


class OnError(Strict):
    """What follows when a step fails for good."""

    match: str = "*"
    """Problem type, or `*` for any."""
    do: Many["AnyStep"] = ()
    """Steps that are run first; `error` is the problem: `{type, title, detail, instance, status}`."""
    goto: str | None = None
    """Step that follows; without it, the one that follows where the step does not fail."""


class Step(Strict):
    """What every step may say, whatever its verb is."""

    id: StepName
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
    """Overrides the retry of the resilience policy; with neither, the step is tried once."""
    resilience: Annotated[str | None, Ref("Resilience")] = None
    """Named policy for timeout, retry, breaker and rate."""
    on_error: Many[OnError] = ()
    """What to do when the step has failed for good; the first match counts."""
    compensate: Many["AnyStep"] = ()
    """Steps that undo this one, once it has succeeded, when the run fails, times out or is cancelled; `error` is the
    run's problem, and `steps` holds the output of this step."""
    max_visits: Annotated[int | None, Field(ge=1, le=1000)] = None
    """How often a run may come here; guards a cycle."""
    on_exhausted: str | None = None
    """Step that follows when `maxVisits` is used up; without it the run fails."""
    cache: Cache | None = None
    """Give the output of an earlier execution; only on steps that change nothing."""
    idempotency_key: Annotated[str | None, Template()] = None
    """Sent with an effect, so that the target does it once."""


class Inputs(Strict):
    """Mixed into steps that hand values to something."""

    with_: Annotated[dict[str, Any], Template()] = Field(default_factory=dict, alias="with")
    """Values that are handed over; `${ }` is CEL over `input`, `state`, `steps`, `item` and `run`."""
