"""What is on offer to a model besides the tools of its agent, and what ends a task in another way than by an answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.contract import AgentDocument


@dataclass(frozen=True)
class Extra:
    """Something that a model may call: memory, or handing the task over."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    use: Callable[[Mapping[str, Any], str], Awaitable[Any]]
    """Gets the arguments, and a text that is the same whenever this call is made again."""


class HandedOver(Exception):  # noqa: N818  (nothing is wrong)
    """An agent has given its task to another one."""

    def __init__(self, to: str, what: str) -> None:
        super().__init__(to)
        self.to = to
        self.what = what


def hand_over(to: AgentDocument) -> Extra:
    """Return the offer to give the task to another agent."""

    async def use(arguments: Mapping[str, Any], key: str) -> Any:
        del key
        raise HandedOver(to.name, str(arguments.get("what") or ""))

    parameters = {
        "type": "object",
        "properties": {"what": {"type": "string", "description": "What has to be done, and what is known by now."}},
    }
    name, about = f"hand-over-to-{to.name}", f"Give the whole task to {to.name} ({to.role}); your part ends with it."
    return Extra(name, about, parameters, use)
