"""Circuit breakers and rate limits, by the name of their policy, per process."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from runtime.contract import Breaker, ResilienceDocument, millis
from runtime.problems import StepError, failed
from runtime.services.clock import Clock
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import BREAKER

T = TypeVar("T")
CLOSED, HALF_OPEN, OPEN = 0, 1, 2
_THEIRS = ("timeout", "unavailable", "rate-limited")
"""Problems that tell about the target; a refused argument does not."""


@dataclass
class _Guard:
    failures: int = 0
    opened: int = 0
    """When it opened, in milliseconds since 1970; 0 while closed."""
    probing: bool = False
    calls: deque[int] = field(default_factory=deque[int])
    """Times of the calls of the last minute."""


class Guards:
    """Lets calls through, or not."""

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._guards: dict[str, _Guard] = {}

    async def call(self, policy: ResilienceDocument, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the work returns.

        Raises:
            StepError: `breaker-open`, or what the work raises.
        """
        guard = self._guards.setdefault(policy.name, _Guard())
        if policy.rate_per_minute:
            await self._in_turn(guard, policy.rate_per_minute)
        if policy.breaker is None:
            return await work()
        self._enter(guard, policy.breaker, policy.name)
        try:
            result = await work()
        except StepError as error:
            self._leave(guard, policy.breaker, policy.name, well=error.problem.type not in _THEIRS)
            raise
        finally:
            guard.probing = False
        self._leave(guard, policy.breaker, policy.name, well=True)
        return result

    async def _in_turn(self, guard: _Guard, rate: int) -> None:
        """Wait until fewer than `rate` calls are younger than a minute."""
        while True:
            now = self._clock.now()
            while guard.calls and guard.calls[0] <= now - 60_000:
                guard.calls.popleft()
            if len(guard.calls) < rate:
                guard.calls.append(now)
                return
            await self._clock.sleep((guard.calls[0] + 60_001 - now) / 1000)

    def _enter(self, guard: _Guard, breaker: Breaker, name: str) -> None:
        if not guard.opened:
            return
        left = guard.opened + millis(breaker.open_for) - self._clock.now()
        if left > 0 or guard.probing:
            raise failed(
                "breaker-open", "A target has failed too often and is left alone", f"{name}: {max(left, 0)} ms more"
            )
        guard.probing = True
        self._telemetry.set(BREAKER, HALF_OPEN, target=name)

    def _leave(self, guard: _Guard, breaker: Breaker, name: str, *, well: bool) -> None:
        if well:
            guard.failures = guard.opened = 0
            self._telemetry.set(BREAKER, CLOSED, target=name)
            return
        guard.failures += 1
        if guard.opened or guard.failures >= breaker.failures:
            guard.opened = self._clock.now()
            self._telemetry.set(BREAKER, OPEN, target=name)
