"""A conversation of one agent with its model: turns with tools, until an answer holds its schema and guardrails."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime import expressions
from runtime.contract import AgentDocument, Context, ModelDocument
from runtime.problems import failed
from runtime.services import answers
from runtime.services.agents import decisions
from runtime.services.agents.extras import Extra
from runtime.services.agents.guardrails import Guardrails, Seen
from runtime.services.agents.task import Task
from runtime.services.agents.tooling import AgentTools, offer
from runtime.services.calls import ModelCalls
from runtime.services.models import Reply, Request
from runtime.services.models.base import Message, ToolCall
from runtime.telemetry import Telemetry


@dataclass
class _Talk:
    """A conversation as it grows."""

    messages: list[Message]
    extras: Mapping[str, Extra]
    calls: int = 0
    """Calls of the model so far."""
    uses: int = 0
    """Calls of tools so far."""
    done: dict[str, int] = field(default_factory=dict[str, int])
    """How often each tool call has been made: the same call twice is two effects."""


class Talks:
    """Lets agents talk to their models."""

    def __init__(self, calls: ModelCalls, tools: AgentTools, guardrails: Guardrails, telemetry: Telemetry) -> None:
        self._calls = calls
        self._tools = tools
        self._guardrails = guardrails
        self._telemetry = telemetry

    async def run(self, task: Task) -> Any:
        """Return the agent's answer.

        Raises:
            StepError: `invalid-output`, `too-many-turns`, `guardrail`, or what the model's provider reports.
        """
        messages = await self._opening(task)
        return await self._turns(task, _Talk(messages, {extra.name: extra for extra in task.extras}))

    async def _opening(self, task: Task) -> list[Message]:
        agent = task.agent
        system = expressions.prose(agent.instructions, {**task.context.scope, "input": dict(task.given)})
        system += f"\n\n{task.known}" if task.known else ""
        system = await self._guardrails.personal(task, system)
        if agent.output:
            system += "\n\nAnswer with one JSON value that this JSON Schema holds, and nothing else:\n"
            system += json.dumps(agent.output, ensure_ascii=False)
        user = json.dumps(dict(task.given), ensure_ascii=False, default=str) if task.given else "Do your task."
        return [{"role": "system", "content": system}, {"role": "user", "content": user}]

    # --- turns -------------------------------------------------------------------------------------------------------

    async def _turns(self, task: Task, talk: _Talk) -> Any:
        agent, wrong, value = task.agent, list[str](), None
        parses = 0
        for _ in range(agent.max_turns + answers.PARSE_RETRIES):
            reply = await self._ask(task, talk)
            if reply.tool_calls and talk.calls - parses < agent.max_turns:
                await self._use_tools(task, reply, talk)
                continue
            value, wrong = await self._read(task, reply, talk)
            if not wrong:
                return value
            parses += 1
            if parses > answers.PARSE_RETRIES:
                break
            talk.messages += answers.again(reply, wrong)
        return self._given_up(task, value, wrong, talk)

    async def _ask(self, task: Task, talk: _Talk) -> Reply:
        talk.calls += 1
        agent, context = task.agent, task.context
        request = Request(
            model=_model(agent, context),
            messages=tuple(talk.messages),
            schema=agent.output,
            tools=(*(offer(tool) for tool in self._tools.usable(task)), *map(_extra, talk.extras.values())),
            run=str(context.scope["run"]["id"]),
            asker=agent.name,
            shown=not _guarded(agent),
        )
        return await self._calls.complete(request, talk.calls, context)

    async def _read(self, task: Task, reply: Reply, talk: _Talk) -> tuple[Any, list[str]]:
        """Return the value of an answer, and what is wrong with it."""
        value, wrong = answers.read(reply, task.agent.output)
        if reply.tool_calls:
            return None, wrong or ["no more tools may be called"]
        if wrong:
            return value, wrong
        scope = {"input": dict(task.given), "output": value}
        looked = await self._guardrails.look(task, Seen("output", value, scope, f"answer {talk.calls}"))
        return looked.value, list(looked.wrong)

    def _given_up(self, task: Task, value: Any, wrong: Sequence[str], talk: _Talk) -> Any:
        agent = task.agent
        if not wrong:
            detail = f"after {talk.calls} calls of its model"
            raise failed("too-many-turns", f"{agent.name} came to no answer", detail)
        if agent.decisions and not _guarded(agent):
            # All that is wrong may be a label that nobody has declared: for that there is a fallback.
            value, fine = decisions.decided(task, value, self._telemetry)
            if fine:
                return value
        raise failed("invalid-output", f"{agent.name} did not give an answer that its schema holds", "; ".join(wrong))

    # --- tools -------------------------------------------------------------------------------------------------------

    async def _use_tools(self, task: Task, reply: Reply, talk: _Talk) -> None:
        wanted = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": json.dumps(dict(c.arguments))}}
            for c in reply.tool_calls
        ]
        talk.messages.append({"role": "assistant", "content": reply.text, "tool_calls": wanted})
        for call in reply.tool_calls:
            talk.uses += 1
            content = await self._use(task, call, talk)
            talk.messages.append({"role": "tool", "tool_call_id": call.id, "content": content})

    async def _use(self, task: Task, call: ToolCall, talk: _Talk) -> str:
        if extra := talk.extras.get(call.name):
            own = f"{task.context.key}|{call.name}|{talk.uses}"
            return json.dumps(await extra.use(call.arguments, own), ensure_ascii=False, default=str)
        return await self._tools.use(task, call, talk.done, talk.uses)


def _extra(extra: Extra) -> dict[str, Any]:
    return {"name": extra.name, "description": extra.description, "parameters": dict(extra.parameters)}


def _guarded(agent: AgentDocument) -> bool:
    return any("output" in guardrail.at for guardrail in agent.guardrails.values())


def _model(agent: AgentDocument, context: Context) -> ModelDocument:
    if agent.model not in context.document.models:
        raise failed("not-found", "The document does not hold this model", agent.model)
    return context.document.models[agent.model]
