"""Stands in for the world: written results, faults where a test wants them, and a record of what was called."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from runtime.problems import StepError, failed
from runtime.services.clock import Clock
from runtime.services.models import Reply
from runtime.services.models.scripted import written
from runtime.services.outside import Call

T = TypeVar("T")
PASS, MALFORMED = "none", "malformed"
"""Faults that are no problem types: the call goes through; the answer can't be used."""


class Rehearsed:
    """Answers calls of servers from writing; models and functions are really called, by way of their faults."""

    def __init__(
        self,
        clock: Clock,
        faults: Mapping[str, Sequence[str]],
        tools: Mapping[str, Sequence[Any]],
        steps: Mapping[str, Sequence[Any]],
    ) -> None:
        self._clock = clock
        self._faults = {step: list(some) for step, some in faults.items()}
        self._tools = tools
        self._steps = steps
        self._given: dict[str, int] = {}
        self.calls: list[Call] = []
        """Calls of tools, functions and requests, in order, those that failed too."""
        self.missing: list[Call] = []
        """Calls of servers that nothing was written for."""
        self.heard: list[tuple[str, Any]] = []
        """Who asked, and what its model really answered, as a file of replies says it."""

    @property
    def unused(self) -> dict[str, int]:
        """Faults that are left, by step."""
        return {step: len(left) for step, left in self._faults.items() if left}

    async def reach(self, call: Call, work: Callable[[], Awaitable[T]]) -> T:
        """Return a written result, or that of the call; raise the step's next fault before either.

        A `timeout` takes as long as the call may, or until something around it has had enough.
        """
        step = call.path.split("/", 1)[1]
        if call.kind != "model":
            self.calls.append(call)
        faults = self._faults.get(step)
        fault = faults.pop(0) if faults else PASS
        if fault == MALFORMED:
            return cast("T", _malformed(call))
        if fault == "timeout":
            await self._clock.sleep(call.seconds)
        if fault != PASS:
            raise failed(fault, "A fault of the test", step)
        if call.kind != "model" and (written := self._written(call, step)):
            return cast("T", _result(written[0]))
        if call.remote and call.kind != "model":
            self.missing.append(call)
            raise failed("unavailable", "The test has no result for this call", call.name)
        return await (self._hear(call, work) if call.kind == "model" else work())

    async def _hear(self, call: Call, work: Callable[[], Awaitable[T]]) -> T:
        try:
            answer = await work()
        except StepError as error:
            about = {"type": error.problem.type, "title": error.problem.title}
            self.heard.append((call.name, {"$fail": about}))
            raise
        self.heard.append((call.name, written(cast("Reply", answer))))
        return answer

    def _written(self, call: Call, step: str) -> list[Any]:
        """Return the next result in a list, the last one again and again; nothing where none is written."""
        for key, results in (
            (f"step {step}", self._steps.get(step)),
            (f"tool {call.name}", self._tools.get(call.name)),
        ):
            if results:
                number = self._given.get(key, 0)
                self._given[key] = number + 1
                return [results[min(number, len(results) - 1)]]
        return []


def _malformed(call: Call) -> Reply:
    if call.kind != "model":
        raise failed("invalid-output", "A fault of the test", f"{call.name} returned something else")
    return Reply("{ this is no answer", tokens_in=1, tokens_out=5)


def _result(written: Any) -> Any:
    if isinstance(written, dict) and "$fail" in written:
        fail = cast("dict[str, Any]", written)["$fail"]
        raise failed(fail["type"], fail.get("title", "A written failure"))
    return cast("Any", written)
