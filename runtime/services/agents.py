"""An agent's task: instructions, turns with tools, an answer held to its schema and its gates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime import expressions
from runtime.contract import AgentDocument, Context, ModelDocument, Pause, Pot, ToolDocument
from runtime.problems import StepError, failed
from runtime.services import answers
from runtime.services.calls import ModelCalls
from runtime.services.effects import digest
from runtime.services.models import Reply, Request
from runtime.services.models.base import Message, ToolCall
from runtime.services.tools import Tools
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import GATES_FAILED, TOOL_CALLS


def permission(agent: AgentDocument, tool: ToolDocument) -> str:
    """Return `deny`, `ask` or `allow`: the first of them that names the tool or its effect; `deny` when none does."""
    named = {tool.name, tool.effect}
    rights = agent.permissions
    for right, names in (("deny", rights.deny), ("ask", rights.ask), ("allow", rights.allow)):
        if named & set(names):
            return right
    return "deny"


@dataclass
class _Talk:
    """A conversation as it grows."""

    messages: list[Message]
    calls: int = 0
    """Calls of the model so far."""
    done: dict[str, int] = field(default_factory=dict[str, int])
    """How often each tool call has been made: the same call twice is two effects."""


class Agents:
    """Runs tasks of agents."""

    def __init__(self, calls: ModelCalls, tools: Tools, telemetry: Telemetry) -> None:
        self._calls = calls
        self._tools = tools
        self._telemetry = telemetry

    async def run(self, name: str, task: Mapping[str, Any], context: Context) -> Any:
        """Return the agent's answer.

        Raises:
            StepError: `not-found`, `invalid-output`, `gate-failed`, `too-many-turns`, `budget-exceeded`, or what the
                model's provider reports.
        """
        agent = context.document.agents.get(name)
        if agent is None:
            raise failed("not-found", "The document does not hold this agent", name)
        context = _with_own_budget(agent, context)
        talk = _Talk(_opening(agent, task, context))
        value = await self._turns(agent, talk, context)
        self._check_gates(agent, value, context)
        return value

    async def _turns(self, agent: AgentDocument, talk: _Talk, context: Context) -> Any:
        wrong: list[str] = []
        parses = 0
        for _ in range(agent.max_turns + answers.PARSE_RETRIES):
            reply = await self._ask(agent, talk, context)
            if reply.tool_calls and talk.calls - parses < agent.max_turns:
                await self._use_tools(agent, reply, talk, context)
                continue
            value, wrong = answers.read(reply, agent.output)
            if not wrong and not reply.tool_calls:
                return value
            parses += 1
            if parses > answers.PARSE_RETRIES:
                break
            talk.messages += answers.again(reply, wrong or ["no more tools may be called"])
        if wrong:
            raise failed(
                "invalid-output", f"{agent.name} did not give an answer that its schema holds", "; ".join(wrong)
            )
        raise failed("too-many-turns", f"{agent.name} came to no answer", f"after {talk.calls} calls of its model")

    async def _ask(self, agent: AgentDocument, talk: _Talk, context: Context) -> Reply:
        talk.calls += 1
        request = Request(
            model=_model(agent, context),
            messages=tuple(talk.messages),
            schema=agent.output,
            tools=tuple(_offer(tool) for tool in _usable(agent, context)),
            run=str(context.scope["run"]["id"]),
            asker=agent.name,
        )
        return await self._calls.complete(request, talk.calls, context)

    # --- tools -----------------------------------------------------------------------------------------------------

    async def _use_tools(self, agent: AgentDocument, reply: Reply, talk: _Talk, context: Context) -> None:
        wanted = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": json.dumps(dict(c.arguments))}}
            for c in reply.tool_calls
        ]
        talk.messages.append({"role": "assistant", "content": reply.text, "tool_calls": wanted})
        for call in reply.tool_calls:
            content = await self._use(agent, call, talk, context)
            talk.messages.append({"role": "tool", "tool_call_id": call.id, "content": content})

    async def _use(self, agent: AgentDocument, call: ToolCall, talk: _Talk, context: Context) -> str:
        """Return what the model is told: the result, or why there is none. A tool's problem is not the task's end."""
        tool = next((tool for tool in _usable(agent, context) if tool.name == call.name), None)
        if tool is None:
            return self._denied(call.name, "you may not use this tool", context)
        if permission(agent, tool) == "ask" and not self._person_allows(agent, call, context):
            return self._denied(call.name, "a person has refused this call", context)
        mark = f"{tool.name}|{digest(dict(call.arguments))}"
        talk.done[mark] = talk.done.get(mark, 0) + 1
        own = f"{context.key}|{mark}|{talk.done[mark]}"
        try:
            result = await self._tools.call(tool, call.arguments, replace(context, key=own, idempotency_key=own))
        except StepError as error:
            if error.problem.type == "effect-unknown":
                raise
            return json.dumps({"error": error.problem.json()}, ensure_ascii=False)
        return json.dumps(result, ensure_ascii=False, default=str)

    def _denied(self, tool: str, reason: str, context: Context) -> str:
        # Models invent names; a label must not grow with their imagination.
        self._telemetry.add(TOOL_CALLS, target=tool if tool in context.document.tools else "unknown", outcome="denied")
        context.watch("tool-denied", {"path": context.path, "tool": tool, "reason": reason})
        return json.dumps({"error": {"type": "permission-denied", "title": reason}})

    def _person_allows(self, agent: AgentDocument, call: ToolCall, context: Context) -> bool:
        asked = Pause(
            "approval",
            message=f"Agent {agent.name} wants to call {call.name}",
            options=("allow", "deny"),
            payload=dict(call.arguments),
        )
        return context.pause(asked).value == "allow"

    # --- gates -----------------------------------------------------------------------------------------------------

    def _check_gates(self, agent: AgentDocument, value: Any, context: Context) -> None:
        for name, gate in agent.gates.items():
            if not expressions.condition(gate, {**context.scope, "output": value}):
                self._telemetry.add(GATES_FAILED, workflow=context.document.name, step=context.step)
                raise failed(
                    "gate-failed", f"The answer of {agent.name} does not pass a quality gate", f"{name}: {gate}"
                )


def _with_own_budget(agent: AgentDocument, context: Context) -> Context:
    if not agent.budget.max_tokens and not agent.budget.max_cost:
        return context
    return replace(context, pots=(*context.pots, Pot(f"{context.key}|agent", agent.budget)))


def _model(agent: AgentDocument, context: Context) -> ModelDocument:
    if agent.model not in context.document.models:
        raise failed("not-found", "The document does not hold this model", agent.model)
    return context.document.models[agent.model]


def _usable(agent: AgentDocument, context: Context) -> list[ToolDocument]:
    known = [context.document.tools[name] for name in agent.tools if name in context.document.tools]
    return [tool for tool in known if permission(agent, tool) != "deny"]


def _offer(tool: ToolDocument) -> dict[str, Any]:
    parameters = tool.input or {"type": "object", "properties": {}}
    return {"name": tool.name, "description": tool.description, "parameters": parameters}


def _opening(agent: AgentDocument, task: Mapping[str, Any], context: Context) -> list[Message]:
    system = expressions.prose(agent.instructions, {**context.scope, "input": dict(task)})
    if agent.output:
        system += "\n\nAnswer with one JSON value that this JSON Schema holds, and nothing else:\n"
        system += json.dumps(agent.output, ensure_ascii=False)
    user = json.dumps(dict(task), ensure_ascii=False, default=str) if task else "Do your task."
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]
