"""A named policy for calls: timeout, retry, breaker, rate."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from generator.model import Kind, Resolving, Thing
from runtime.contract import Breaker, Duration, ResilienceDocument, Retry, Strict


class ResilienceSpec(Strict):
    """One policy; steps name it."""

    timeout: Duration | None = None
    """Time for one attempt."""
    retry: Retry = Retry(max_attempts=1)
    """When a failed call is tried again; the default is never."""
    breaker: Breaker | None = None
    """Stops calling a target that keeps failing."""
    rate_per_minute: Annotated[int | None, Field(ge=1)] = None
    """Calls in any minute, over all runs of all workers; the next one waits."""


@dataclass(frozen=True)
class Resilience(Thing):
    """A policy, resolved."""

    document: ResilienceDocument


def resolve(spec: ResilienceSpec, context: Resolving) -> Resilience:
    """Return the policy."""
    document = ResilienceDocument(
        name=context.base["source"].name,
        timeout=spec.timeout,
        retry=spec.retry,
        breaker=spec.breaker,
        rate_per_minute=spec.rate_per_minute,
    )
    return Resilience(**context.base, document=document)


KIND = Kind("Resilience", ResilienceSpec, Resilience, resolve)
