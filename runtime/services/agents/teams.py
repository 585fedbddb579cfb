"""Teams: sub-agents that work for an agent, by one of eight strategies, within its rights and from its budget."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from runtime import expressions
from runtime.contract import AgentDocument, Context, Pause, Pot, pot_of, teams
from runtime.problems import failed
from runtime.services.agents.extras import Extra, HandedOver, hand_over
from runtime.services.agents.task import Task

Work = Callable[[Task], Awaitable[Any]]
_DONE = "done"
_WAITING = object()


class _Waits(Exception):  # noqa: N818  (nothing is wrong)
    """A sub-agent needs a person."""


class Teams:
    """Runs tasks of agents that have sub-agents.

    `work` does a task of one agent whole; `talk` lets an agent talk to its model, and nothing else.
    """

    def __init__(self, work: Work, talk: Work) -> None:
        self._work = work
        self._talk = talk
        self._strategies: Mapping[str, Work] = {
            "handoff": self._handoff,
            "router": self._router,
            "sequential": self._sequential,
            "parallel": self._parallel,
            "swarm": self._swarm,
            "round_robin": self._round_robin,
            "plan_execute": self._plan_execute,
            "manual": self._manual,
        }

    async def run(self, task: Task) -> Any:
        """Return the answer of an agent with sub-agents."""
        assert task.agent.strategy
        return await self._strategies[task.agent.strategy](task)

    async def _let(
        self, task: Task, name: str, number: int, given: Mapping[str, Any], extras: Sequence[Extra] = ()
    ) -> Any:
        """Return the answer of a sub-agent to a part of the task; `number` tells several parts apart."""
        agent, context = _agent(task, name), task.context
        team = {"path": context.path, "agent": task.agent.name, "strategy": task.agent.strategy}
        context.watch("sub-agent", {**team, "subAgent": name, "number": number})
        own = with_own_budget(agent, replace(context, key=f"{context.key}|{name}#{number}"))
        return await self._work(Task(agent, given, own, (*task.above, task.agent), tuple(extras)))

    async def _asked(self, task: Task, mark: str, schema: Mapping[str, Any], what: str) -> Any:
        """Return what the agent itself says about its team, without tools."""
        agent = task.agent.model_copy(update={"output": dict(schema), "tools": (), "decisions": {}, "guardrails": {}})
        context = replace(task.context, key=f"{task.context.key}|{mark}")
        roles = "\n".join(f"- {name}: {_agent(task, name).role}" for name in task.agent.sub_agents)
        return await self._talk(replace(task, agent=agent, context=context, known=f"{what}\n{roles}"))

    async def _sum_up(self, task: Task, team: Any) -> Any:
        return await self._talk(replace(task, given={**task.given, "team": team}))

    # --- one of them answers -----------------------------------------------------------------------------------------

    async def _handoff(self, task: Task) -> Any:
        offers = tuple(hand_over(_agent(task, name)) for name in task.agent.sub_agents)
        try:
            return await self._talk(replace(task, extras=(*task.extras, *offers)))
        except HandedOver as handed:
            if handed.to not in task.agent.sub_agents:
                raise  # to one of the team around
            return await self._let(task, handed.to, 1, _handed(task, handed))

    async def _router(self, task: Task) -> Any:
        schema = teams.choice(task.agent.sub_agents)
        chosen = await self._asked(task, "route", schema, "Do not do the task. Choose who does it, one of:")
        return await self._let(task, chosen["agent"], 1, task.given)

    async def _swarm(self, task: Task) -> Any:
        name, given = task.agent.sub_agents[0], task.given
        for number in range(task.agent.max_rounds + 1):
            others = [other for other in task.agent.sub_agents if other != name]
            last = number == task.agent.max_rounds
            offers = () if last else tuple(hand_over(_agent(task, other)) for other in others)
            try:
                return await self._let(task, name, number, given, offers)
            except HandedOver as handed:
                name, given = handed.to, _handed(task, handed)
        raise AssertionError("unreachable: who is last has nobody to hand over to")

    # --- the agent itself answers last -------------------------------------------------------------------------------

    async def _sequential(self, task: Task) -> Any:
        team: dict[str, Any] = {}
        for number, name in enumerate(task.agent.sub_agents, 1):
            team[name] = await self._let(task, name, number, {**task.given, "team": dict(team)})
        return await self._sum_up(task, team)

    async def _parallel(self, task: Task) -> Any:
        """People are asked one after the other, behind the rest: what a run waits for has an order."""
        names = tuple(enumerate(task.agent.sub_agents, 1))
        silent = replace(task, context=replace(task.context, pause=_waits))
        work = (self._unless_it_waits(silent, name, number) for number, name in names)
        found = await asyncio.gather(*work, return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        team = {name: one for (_, name), one in zip(names, found, strict=True)}
        for number, name in names:
            if team[name] is _WAITING:
                team[name] = await self._let(task, name, number, task.given)
        return await self._sum_up(task, team)

    async def _unless_it_waits(self, task: Task, name: str, number: int) -> Any:
        try:
            return await self._let(task, name, number, task.given)
        except _Waits:
            return _WAITING

    async def _round_robin(self, task: Task) -> Any:
        said: list[Any] = []
        for _ in range(task.agent.max_rounds):
            for name in task.agent.sub_agents:
                answer = await self._let(task, name, len(said) + 1, {**task.given, "team": list(said)})
                said.append({"agent": name, "answer": answer})
                if _over(task, answer):
                    return await self._sum_up(task, said)
        return await self._sum_up(task, said)

    async def _plan_execute(self, task: Task) -> Any:
        schema = teams.plan(task.agent.sub_agents, task.agent.max_rounds)
        plan = await self._asked(task, "plan", schema, "Do not do the task. Divide it into tasks, in order, for:")
        said: list[Any] = []
        for number, part in enumerate(plan["tasks"], 1):
            given = {**task.given, "task": part["task"], "team": list(said)}
            answer = await self._let(task, part["agent"], number, given)
            said.append({**part, "answer": answer})
        return await self._sum_up(task, said)

    async def _manual(self, task: Task) -> Any:
        said: list[Any] = []
        for number in range(1, task.agent.max_rounds + 1):
            message = f"Who of the team of {task.agent.name} is next?"
            options = (*task.agent.sub_agents, _DONE)
            payload = {"task": dict(task.given), "team": list(said)}
            chosen = task.context.pause(Pause("approval", message=message, options=options, payload=payload)).value
            if chosen == _DONE:
                break
            answer = await self._let(task, chosen, number, {**task.given, "team": list(said)})
            said.append({"agent": chosen, "answer": answer})
        return await self._sum_up(task, said)


def _agent(task: Task, name: str) -> AgentDocument:
    agent = task.context.document.agents.get(name)
    if agent is None:
        raise failed("not-found", "The document does not hold this agent", name)
    return agent


def _handed(task: Task, handed: HandedOver) -> Mapping[str, Any]:
    return {**task.given, "handover": handed.what} if handed.what else task.given


def _over(task: Task, answer: Any) -> bool:
    until = task.agent.until
    return until is not None and expressions.condition(until, {**task.context.scope, "output": answer})


def _waits(pause: Pause) -> NoReturn:
    raise _Waits(pause.message)


def with_own_budget(agent: AgentDocument, context: Context) -> Context:
    """Return a context that spends from the agent's own pot too, if it has one."""
    if not agent.budget.max_tokens and not agent.budget.max_cost:
        return context
    return replace(context, pots=(*context.pots, Pot(pot_of(f"{context.key}|agent"), agent.budget)))
