"""Agents: a task in, an answer out that holds its schema, its guardrails and its gates."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime import expressions, schemas
from runtime.contract import Context
from runtime.problems import failed
from runtime.services.agents import decisions
from runtime.services.agents.guardrails import Guardrails, Looked, Seen
from runtime.services.agents.remembering import Remembering
from runtime.services.agents.talks import Talks
from runtime.services.agents.task import Task
from runtime.services.agents.teams import Teams, with_own_budget
from runtime.services.agents.tooling import AgentTools
from runtime.services.calls import ModelCalls
from runtime.services.memory import Memories
from runtime.services.store.records import Ledger
from runtime.services.tools import Tools
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import GATES_FAILED

__all__ = ["Agents"]

_ANSWER_THEMSELVES = ("handoff", "router", "swarm")
"""Strategies in which the answer is that of a sub-agent."""


class Agents:
    """Runs tasks of agents."""

    def __init__(
        self, calls: ModelCalls, tools: Tools, memories: Memories, ledger: Ledger, telemetry: Telemetry
    ) -> None:
        self._telemetry = telemetry
        self._guardrails = Guardrails(calls, telemetry)
        own = AgentTools(tools, self._guardrails, ledger, telemetry)
        self._talks = Talks(calls, own, self._guardrails, telemetry)
        self._remembering = Remembering(memories, self._guardrails)
        self._teams = Teams(self._work, self._talks.run)

    async def run(self, name: str, task: Mapping[str, Any], context: Context) -> Any:
        """Return the agent's answer.

        Raises:
            StepError: `not-found`, `invalid-output`, `guardrail`, `gate-failed`, `too-many-turns`, `budget-exceeded`,
                or what the model's provider reports.
        """
        agent = context.document.agents.get(name)
        if agent is None:
            raise failed("not-found", "The document does not hold this agent", name)
        return await self._work(Task(agent, task, with_own_budget(agent, context)))

    async def _work(self, task: Task) -> Any:
        given = dict(task.given)
        looked = await self._guardrails.look(task, Seen("input", given, {"input": given}, "task"))
        task = await self._remembering.with_memory(replace(task, given=looked.value))
        value = await (self._of_team(task) if task.agent.strategy else self._talks.run(task))
        value, _ = decisions.decided(task, value, self._telemetry)
        self._check_gates(task, value)
        return value

    async def _of_team(self, task: Task) -> Any:
        """Return the answer of a team; that of a sub-agent is held to what the agent declares, like its own."""
        value = await self._teams.run(task)
        if task.agent.strategy not in _ANSWER_THEMSELVES:
            return value
        wrong = schemas.findings(task.agent.output, value)
        scope = {"input": dict(task.given), "output": value}
        looked = Looked(value, tuple(wrong))
        if not wrong:
            looked = await self._guardrails.look(task, Seen("output", value, scope, "answer of the team"))
        if looked.wrong:
            title = f"The team of {task.agent.name} did not give an answer that its schema holds"
            raise failed("invalid-output", title, "; ".join(looked.wrong))
        return looked.value

    def _check_gates(self, task: Task, value: Any) -> None:
        context = task.context
        for name, gate in task.agent.gates.items():
            if not expressions.condition(gate, {**context.scope, "output": value}):
                self._telemetry.add(GATES_FAILED, workflow=context.document.name, step=context.step)
                title = f"The answer of {task.agent.name} does not pass a quality gate"
                raise failed("gate-failed", title, f"{name}: {gate}")
