"""The tools of an agent: on offer as far as it may use them, behind guardrails, and behind a person where needed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime.contract import Context, Pause, ToolDocument
from runtime.problems import StepError
from runtime.services.agents.guardrails import Guardrails, Seen
from runtime.services.agents.permissions import may_ever, permission
from runtime.services.agents.task import Task
from runtime.services.effects import digest
from runtime.services.models.base import ToolCall
from runtime.services.store.records import Ledger
from runtime.services.tools import Tools
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import TOOL_CALLS

_FATAL = ("effect-unknown", "guardrail")
"""Problems that end the task; of all others the model is told."""


class AgentTools:
    """Calls tools for agents."""

    def __init__(self, tools: Tools, guardrails: Guardrails, ledger: Ledger, telemetry: Telemetry) -> None:
        self._tools = tools
        self._guardrails = guardrails
        self._ledger = ledger
        self._telemetry = telemetry

    def usable(self, task: Task) -> list[ToolDocument]:
        """Return the tools that an agent is told of."""
        known = task.context.document.tools
        tools = [known[name] for name in task.agent.tools if name in known]
        return [tool for tool in tools if all(may_ever(agent, tool) for agent in task.everybody)]

    async def use(self, task: Task, call: ToolCall, done: dict[str, int], number: int) -> str:
        """Return what the model is told: the result, or why there is none. A tool's problem is not the task's end.

        Raises:
            StepError: `guardrail`, or `effect-unknown`.
        """
        tool = next((tool for tool in self.usable(task) if tool.name == call.name), None)
        if tool is None:
            return self._denied(call.name, "you may not use this tool", task.context)
        given = dict(call.arguments)
        looked = await self._guardrails.look(task, Seen("toolInput", given, {"input": given}, f"{number}", tool.name))
        if looked.wrong:
            return _refused("guardrail", "; ".join(looked.wrong))
        return await self._allowed(task, tool, looked.value, done, number)

    async def _allowed(
        self, task: Task, tool: ToolDocument, arguments: Mapping[str, Any], done: dict[str, int], number: int
    ) -> str:
        right = permission(task.everybody, tool, arguments)
        if right == "deny":
            return self._denied(tool.name, "you may not call this tool with these arguments", task.context)
        if right == "ask" and not _person_allows(task, tool, arguments):
            return self._denied(tool.name, "a person has refused this call", task.context)
        mark = f"{tool.name}|{digest(dict(arguments))}"
        done[mark] = done.get(mark, 0) + 1
        own = f"{task.context.key}|{mark}|{done[mark]}"
        try:
            result = await self._result(task, tool, arguments, own)
            scope = {"input": dict(arguments), "output": result}
            seen = Seen("toolOutput", result, scope, f"{number}", tool.name)
            looked = await self._guardrails.look(task, seen)
        except StepError as error:
            if error.problem.type in _FATAL:
                raise
            return json.dumps({"error": error.problem.json()}, ensure_ascii=False)
        if looked.wrong:
            return _refused("guardrail", "; ".join(looked.wrong))
        return json.dumps(looked.value, ensure_ascii=False, default=str)

    async def _result(self, task: Task, tool: ToolDocument, arguments: Mapping[str, Any], own: str) -> Any:
        """Return the result of a call.

        Where a person may be asked about results, one that was seen is not fetched again when the step is executed
        again: another result would make another question of it.
        """
        context = replace(task.context, key=own, idempotency_key=own)
        rules = task.agent.guardrails.values()
        if not any(rule.on_fail == "approve" and "toolOutput" in rule.at for rule in rules):
            return await self._tools.call(tool, arguments, context)
        key = f"{own}@{context.attempt}|result"
        if entry := await self._ledger.find(key):
            return entry["result"]
        result = await self._tools.call(tool, arguments, context)
        await self._ledger.done(key, str(context.scope["run"]["id"]), result, context.services.now())
        return result

    def _denied(self, tool: str, reason: str, context: Context) -> str:
        # Models invent names; a label must not grow with their imagination.
        self._telemetry.add(TOOL_CALLS, target=tool if tool in context.document.tools else "unknown", outcome="denied")
        context.watch("tool-denied", {"path": context.path, "tool": tool, "reason": reason})
        return _refused("permission-denied", reason)


def offer(tool: ToolDocument) -> dict[str, Any]:
    """Return a tool as models are told of it."""
    parameters = tool.input or {"type": "object", "properties": {}}
    return {"name": tool.name, "description": tool.description, "parameters": parameters}


def _refused(type_: str, title: str) -> str:
    return json.dumps({"error": {"type": type_, "title": title}}, ensure_ascii=False)


def _person_allows(task: Task, tool: ToolDocument, arguments: Mapping[str, Any]) -> bool:
    asked = Pause(
        "approval",
        message=f"Agent {task.agent.name} wants to call {tool.name}",
        options=("allow", "deny"),
        payload=dict(arguments),
    )
    return task.context.pause(asked).value == "allow"
