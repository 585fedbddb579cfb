"""Which tools an agent may call, with which arguments."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from runtime import expressions
from runtime.contract import AgentDocument, Calls, ToolDocument
from runtime.problems import StepError

Right: TypeAlias = Literal["allow", "ask", "deny"]
ORDER: tuple[Right, Right, Right] = ("deny", "ask", "allow")


def permission(agents: Iterable[AgentDocument], tool: ToolDocument, arguments: Mapping[str, Any]) -> Right:
    """Return what all of some agents may do with a call: the strictest of what each may; `deny` without an agent."""
    rights = [_right(agent, tool, arguments) for agent in agents]
    for right in ORDER:
        if right in rights:
            return right
    return "deny"


def _right(agent: AgentDocument, tool: ToolDocument, arguments: Mapping[str, Any]) -> Right:
    for right in ORDER:
        entries: tuple[str | Calls, ...] = getattr(agent.permissions, right)
        if any(_matches(entry, tool, arguments, unclear=right != "allow") for entry in entries):
            return right
    return ORDER[0]


def _matches(entry: str | Calls, tool: ToolDocument, arguments: Mapping[str, Any], *, unclear: bool) -> bool:
    """Return whether an entry is about a call; `unclear` is the answer where its condition can't be computed."""
    if isinstance(entry, str):
        return names(entry, tool)
    if not names(entry.tool, tool):
        return False
    try:
        return expressions.condition(entry.when, {"input": dict(arguments)})
    except StepError:
        return unclear


def names(pattern: str, tool: ToolDocument) -> bool:
    """Return whether a word of a permission names a tool: its effect, its name, or a pattern of it."""
    return pattern == tool.effect or fnmatchcase(tool.name, pattern)


def may_ever(agent: AgentDocument, tool: ToolDocument) -> bool:
    """Return whether there can be a call that an agent may make: only then it is told of the tool."""
    rights = agent.permissions
    if any(isinstance(entry, str) and names(entry, tool) for entry in rights.deny):
        return False
    return any(names(_word(entry), tool) for entry in (*rights.allow, *rights.ask))


def _word(entry: str | Calls) -> str:
    return entry if isinstance(entry, str) else entry.tool
