"""Do what changes the world once per key, whatever crashes in between.

What is promised: exactly once where the target honours the idempotency key; at most once where it does not, and then an
effect whose end is unknown stops the step instead of being repeated.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.problems import StepError, failed
from runtime.services.clock import Clock
from runtime.services.store.records import Ledger
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import EFFECTS

_NOT_SENT = ("invalid-input", "rejected", "permission-denied", "rate-limited", "breaker-open", "not-found")
"""Problems after which the target has certainly done nothing."""


def digest(value: Any) -> str:
    """Return a short hash of a value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Effects:
    """The ledger of effects, looked up before each and written before its result is used."""

    def __init__(self, ledger: Ledger, clock: Clock, telemetry: Telemetry) -> None:
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry

    async def once(
        self, key: str, run: str, arguments: Any, do: Callable[[], Awaitable[Any]], *, idempotent: bool
    ) -> Any:
        """Return the effect's result, of this time or of the time before.

        Raises:
            StepError: the effect has failed; `conflict` when the key was used with other arguments; `effect-unknown`
                when an earlier attempt may have worked and the target would do it twice.
        """
        mark = digest(arguments)
        if not await self._ledger.start(key, run, mark, self._clock.now()):
            entry = await self._ledger.find(key)
            assert entry
            if entry["digest"] != mark:
                raise failed("conflict", "An effect was done before with other arguments", key)
            if entry["state"] == "done":
                self._telemetry.add(EFFECTS, outcome="repeated")
                return entry["result"]
            if entry["state"] != "failed" and not idempotent:
                # Said in the ledger too: who has begun it, and was stopped since, cannot say any more that it is done.
                await self._ledger.finish(key, run, "unknown")
                self._telemetry.add(EFFECTS, outcome="unknown")
                raise failed("effect-unknown", "An effect may have happened already; a person has to look", key)
            await self._ledger.restart(key, run, self._clock.now())
        return await self._do(key, run, do, idempotent=idempotent)

    async def _do(self, key: str, run: str, do: Callable[[], Awaitable[Any]], *, idempotent: bool) -> Any:
        await self._ledger.hold(run)
        try:
            result = await do()
        except StepError as error:
            certain = error.problem.type in _NOT_SENT
            await self._ledger.finish(key, run, "failed" if certain or idempotent else "unknown")
            self._telemetry.add(EFFECTS, outcome="failed" if certain or idempotent else "unknown")
            raise
        await self._ledger.finish(key, run, "done", result)
        self._telemetry.add(EFFECTS, outcome="done")
        return result
