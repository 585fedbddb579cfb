"""Every call that leaves the process goes through here: models, tools, functions, requests."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """What is called, with what, and by which step."""

    kind: Literal["model", "tool", "function", "http"]
    name: str
    """Tool or function; who asks, for a model; method and address, for a request."""
    arguments: Mapping[str, Any]
    path: str
    """Path of the step, such as `apm-cycle/create/design`."""
    remote: bool = True
    """Whether a server answers; functions of the image are called in this process."""
    seconds: float = 0
    """After which the call is given up by itself; 0 where only what is around it bounds it."""


class Outside(Protocol):
    """What lies outside of the process, or stands in for it."""

    async def reach(self, call: Call, work: Callable[[], Awaitable[T]]) -> T:
        """Return the result of the call; `work` makes it.

        Raises:
            StepError: the call has failed.
        """
        ...


class Direct:
    """The world itself."""

    async def reach(self, call: Call, work: Callable[[], Awaitable[T]]) -> T:
        """Make the call."""
        del call
        return await work()
