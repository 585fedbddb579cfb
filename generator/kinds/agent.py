"""An agent: a role, instructions, a model, and tools within permissions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._schema import schema_of
from generator.kinds.memory import Memory
from generator.kinds.model import Model
from generator.kinds.tool import Tool
from generator.model import Kind, Resolving, Thing
from runtime.contract import (
    AgentDocument,
    Budget,
    Decision,
    Expr,
    FileRef,
    Guardrail,
    Many,
    MemoryUse,
    Permissions,
    Ref,
    Strategy,
    Strict,
)


class AgentSpec(Strict):
    """One agent."""

    role: str
    """What it is, in a few words."""
    instructions: Annotated[str, FileRef("prompt")]
    """File beside the spec with the prompt (Jinja2 over `input`, `state`, `steps`, `item`, `run`)."""
    model: Annotated[str, Ref("Model")]
    """Model that answers."""
    tools: Many[Annotated[str, Ref("Tool")]] = ()
    """Tools that it may see."""
    permissions: Permissions = Permissions()
    """What it may do with them, by effect (`read`, `write`, `deploy`, `notify`), tool, or pattern, and by arguments."""
    output: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = None
    """JSON Schema that its answer is held to: a file beside the spec, or written here."""
    gates: dict[str, Annotated[str, Expr("bool")]] = {}
    """Quality gates by name: CEL over `output`, such as `output.coverage >= 0.8`."""
    guardrails: dict[str, Guardrail] = {}
    """What is looked at before it gets its task, before it answers, and around its tools, by name."""
    decisions: dict[str, Decision] = {}
    """Fields of the answer that workflows decide by, and what counts when it is no label or not sure enough."""
    memory: MemoryUse | None = None
    """What it remembers beyond a run."""
    sub_agents: Many[Annotated[str, Ref("Agent")]] = ()
    """Agents that work for it; they may do nothing that it may not, and spend from its budget."""
    strategy: Strategy | None = None
    """How they work: `handoff` (it may hand the task over to one, whose answer counts), `router` (it only chooses the
    one), `sequential`, `parallel`, `round_robin` (in turn, each sees what was said before), `plan_execute` (it writes a
    list of tasks for them), `manual` (a person chooses who is next), `swarm` (they hand over to each other, from the
    first on). Except for `handoff`, `router` and `swarm`, the agent itself answers last and sees their answers as
    `input.team`."""
    max_rounds: Annotated[int, Field(ge=1, le=20)] = 3
    """Rounds (`round_robin`), hand-overs (`swarm`), tasks (`plan_execute`) or choices (`manual`) at most."""
    until: Annotated[str | None, Expr("bool")] = None
    """For `round_robin`: CEL over `output`, the last answer; when it holds, the team is done."""
    max_turns: Annotated[int, Field(ge=1, le=50)] = 6
    """Model calls for one task, tool calls included."""
    budget: Budget = Budget()
    """What one task may spend, with everything that its sub-agents do."""

    @model_validator(mode="after")
    def _team(self) -> "AgentSpec":
        if bool(self.sub_agents) != (self.strategy is not None):
            raise PydanticCustomError("team-strategy", "`subAgents` and `strategy` belong together")
        if self.until is not None and self.strategy != "round_robin":
            raise PydanticCustomError("team-strategy", "`until` ends a `round_robin`, and nothing else")
        return self


@dataclass(frozen=True)
class Agent(Thing):
    """An agent, resolved."""

    document: AgentDocument
    model: Model
    tools: tuple[Tool, ...]
    judges: tuple[Model, ...]
    """Models that its guardrails ask."""
    memory: Memory | None
    team: "tuple[Agent, ...]"

    def asked(self) -> "Iterator[Model]":
        """Yield the models that its tasks ask, apart from those of its team."""
        yield from (self.model, *self.judges)
        if self.memory and self.memory.model:
            yield self.memory.model

    def closure(self) -> "Iterator[Agent]":
        """Yield the agent and everybody below it; an agent in two teams comes twice."""
        yield self
        for one in self.team:
            yield from one.closure()


def resolve(spec: AgentSpec, context: Resolving) -> Agent:
    """Return the agent with its model and tools."""
    tools = tuple(context.find(Tool, name) for name in spec.tools)
    asked = (*spec.permissions.ask, *(tool.name for tool in tools if tool.approval))
    document = AgentDocument(
        name=context.base["source"].name,
        role=spec.role,
        instructions=context.text(spec.instructions),
        model=spec.model,
        tools=spec.tools,
        permissions=spec.permissions.model_copy(update={"ask": asked}),
        output=schema_of(spec.output, context),
        gates=spec.gates,
        guardrails={name: _guardrail(one, context) for name, one in spec.guardrails.items()},
        decisions=spec.decisions,
        memory=spec.memory,
        sub_agents=spec.sub_agents,
        strategy=spec.strategy,
        max_rounds=spec.max_rounds,
        until=spec.until,
        max_turns=spec.max_turns,
        budget=spec.budget,
    )
    judges = tuple(context.find(Model, one.llm.model) for one in spec.guardrails.values() if one.llm)
    memory = context.find(Memory, spec.memory.name) if spec.memory else None
    model, team = context.find(Model, spec.model), tuple(context.find(Agent, name) for name in spec.sub_agents)
    return Agent(**context.base, document=document, model=model, tools=tools, judges=judges, memory=memory, team=team)


def _guardrail(written: Guardrail, context: Resolving) -> Guardrail:
    if written.schema_ is None:
        return written
    return written.model_copy(update={"schema_": schema_of(written.schema_, context)})


KIND = Kind("Agent", AgentSpec, Agent, resolve)
