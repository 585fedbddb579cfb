"""An agent: a role, instructions, a model, and tools within permissions."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from generator.kinds._schema import schema_of
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
    Permissions,
    Ref,
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
    max_turns: Annotated[int, Field(ge=1, le=50)] = 6
    """Model calls for one task, tool calls included."""
    budget: Budget = Budget()
    """What one task may spend."""


@dataclass(frozen=True)
class Agent(Thing):
    """An agent, resolved."""

    document: AgentDocument
    model: Model
    tools: tuple[Tool, ...]
    judges: tuple[Model, ...]
    """Models that its guardrails ask."""


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
        max_turns=spec.max_turns,
        budget=spec.budget,
    )
    judges = tuple(context.find(Model, one.llm.model) for one in spec.guardrails.values() if one.llm)
    return Agent(**context.base, document=document, model=context.find(Model, spec.model), tools=tools, judges=judges)


def _guardrail(written: Guardrail, context: Resolving) -> Guardrail:
    if written.schema_ is None:
        return written
    return written.model_copy(update={"schema_": schema_of(written.schema_, context)})


KIND = Kind("Agent", AgentSpec, Agent, resolve)
