"""Agents: a task in, an answer out that holds its schema, its guardrails and its gates."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime import expressions
from runtime.contract import AgentDocument, Context, Pot
from runtime.problems import failed
from runtime.services.agents import decisions
from runtime.services.agents.guardrails import Guardrails, Seen
from runtime.services.agents.talks import Talks
from runtime.services.agents.task import Task
from runtime.services.agents.tooling import AgentTools
from runtime.services.calls import ModelCalls
from runtime.services.store.records import Ledger
from runtime.services.tools import Tools
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import GATES_FAILED

__all__ = ["Agents"]


class Agents:
    """Runs tasks of agents."""

    def __init__(self, calls: ModelCalls, tools: Tools, ledger: Ledger, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._guardrails = Guardrails(calls, telemetry)
        self._talks = Talks(calls, AgentTools(tools, self._guardrails, ledger, telemetry), self._guardrails, telemetry)

    async def run(self, name: str, task: Mapping[str, Any], context: Context) -> Any:
        """Return the agent's answer.

        Raises:
            StepError: `not-found`, `invalid-output`, `guardrail`, `gate-failed`, `too-many-turns`, `budget-exceeded`,
                or what the model's provider reports.
        """
        agent = context.document.agents.get(name)
        if agent is None:
            raise failed("not-found", "The document does not hold this agent", name)
        return await self._work(Task(agent, task, _with_own_budget(agent, context)))

    async def _work(self, task: Task) -> Any:
        given = dict(task.given)
        looked = await self._guardrails.look(task, Seen("input", given, {"input": given}, "task"))
        task = replace(task, given=looked.value)
        value, _ = decisions.decided(task, await self._talks.run(task), self._telemetry)
        self._check_gates(task, value)
        return value

    def _check_gates(self, task: Task, value: Any) -> None:
        context = task.context
        for name, gate in task.agent.gates.items():
            if not expressions.condition(gate, {**context.scope, "output": value}):
                self._telemetry.add(GATES_FAILED, workflow=context.document.name, step=context.step)
                title = f"The answer of {task.agent.name} does not pass a quality gate"
                raise failed("gate-failed", title, f"{name}: {gate}")


def _with_own_budget(agent: AgentDocument, context: Context) -> Context:
    if not agent.budget.max_tokens and not agent.budget.max_cost:
        return context
    return replace(context, pots=(*context.pots, Pot(f"{context.key}|agent", agent.budget)))
