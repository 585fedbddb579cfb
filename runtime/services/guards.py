"""Circuit breakers and rate limits, by the name of their policy: one for all processes, in the store."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from runtime.contract import Breaker, ResilienceDocument, millis
from runtime.problems import StepError, failed
from runtime.services.clock import Clock
from runtime.services.store.targets import Targets
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import BREAKER

T = TypeVar("T")
CLOSED, HALF_OPEN, OPEN = 0, 1, 2
_THEIRS = ("timeout", "unavailable", "rate-limited")
"""Problems that tell about the target; a refused argument does not."""
_PROBING = 600_000
"""Milliseconds after which a probe that has said nothing (its process is gone) is made again."""


class Guards:
    """Lets calls through, or not."""

    def __init__(self, targets: Targets, clock: Clock, telemetry: Telemetry) -> None:
        self._targets = targets
        self._clock = clock
        self._telemetry = telemetry

    async def call(self, policy: ResilienceDocument, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the work returns.

        Raises:
            StepError: `breaker-open`, or what the work raises.
        """
        if policy.rate_per_minute:
            await self._in_turn(policy.name, policy.rate_per_minute)
        if policy.breaker is None:
            return await work()
        probing, clean = await self._enter(policy.name, policy.breaker)
        try:
            result = await work()
        except StepError as error:
            if error.problem.type in _THEIRS:
                await self._bad(policy.name, policy.breaker, probing=probing)
            elif probing or not clean:
                await self._well(policy.name, probing=probing)
            raise
        if probing or not clean:
            await self._well(policy.name, probing=probing)
        return result

    async def _in_turn(self, name: str, rate: int) -> None:
        now = self._clock.now()
        start = await self._targets.turn(name, rate, now)
        if start > now:
            await self._clock.sleep((start - now) / 1000)

    async def _enter(self, name: str, breaker: Breaker) -> tuple[bool, bool]:
        """Return whether this call is the probe of an open breaker, and whether nothing has failed before it."""
        found, now = await self._targets.get(name), self._clock.now()
        if not found.opened:
            self._telemetry.set(BREAKER, CLOSED, target=name)
            return False, found.failures == 0
        left = found.opened + millis(breaker.open_for) - now
        if left > 0 or not await self._targets.probe(name, found, now, now + _PROBING):
            self._telemetry.set(BREAKER, OPEN if left > 0 else HALF_OPEN, target=name)
            raise failed(
                "breaker-open", "A target has failed too often and is left alone", f"{name}: {max(left, 0)} ms more"
            )
        self._telemetry.set(BREAKER, HALF_OPEN, target=name)
        return True, False

    async def _well(self, name: str, *, probing: bool) -> None:
        await self._targets.close(name, probed=probing)
        self._telemetry.set(BREAKER, CLOSED, target=name)

    async def _bad(self, name: str, breaker: Breaker, *, probing: bool) -> None:
        failures = await self._targets.failed(name)
        if probing or failures == breaker.failures:
            await self._targets.open(name, self._clock.now())
            self._telemetry.set(BREAKER, OPEN, target=name)
