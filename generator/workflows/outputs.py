"""The types of inputs, of what steps answer, and of what is known of a step that has ended."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from generator.model import Catalogue, Declared
from generator.workflows import types
from generator.workflows.flow import Node, inside
from generator.workflows.reads import input_schema, output_schema, schema_of
from generator.workflows.types import ANY, Field, Origin, Type, from_schema, join, of
from runtime.functions import registered
from runtime.nodes.agent import AgentStep
from runtime.nodes.approval import ApprovalStep
from runtime.nodes.ask import AskStep
from runtime.nodes.emit import EmitStep
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.function import FunctionStep
from runtime.nodes.http import HttpStep
from runtime.nodes.listen import Listen, ListenStep
from runtime.nodes.llm import LlmStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.set import SetStep
from runtime.nodes.tool import ToolStep
from runtime.nodes.wait import WaitStep
from runtime.nodes.workflow import WorkflowStep

if TYPE_CHECKING:
    from generator.workflows.typed import Typed

_STRING = of("string")
PROBLEM = types.obj({name: Field(of("int") if name == "status" else _STRING)
                      for name in ("type", "title", "detail", "instance", "status")})  # fmt: skip
_OUTCOME = of("string", values=("succeeded", "failed", "skipped", "exhausted"))


def input_type(catalogue: Catalogue, workflow: Declared) -> Type:
    """Return the type of a workflow's input; anything where it has no schema."""
    schema = input_schema(catalogue, workflow)
    return from_schema(schema) if schema is not None else ANY


def step_type(typed: "Typed", node: Node) -> Type:
    """Return the type of `steps.<id>`."""
    return types.obj({
        "outcome": Field(_OUTCOME),
        "output": Field(output_type(typed, node)),
        "problem": Field(types.join([PROBLEM, of("null")])),
        "visits": Field(of("int")),
    })  # fmt: skip


def output_type(typed: "Typed", node: Node) -> Type:
    """Return the type of what a step answers."""
    return typed.once(f"output.{node.loc}", lambda: _output(typed, node))


def _output(typed: "Typed", node: Node) -> Type:
    step = node.step
    match step:
        case AgentStep():
            return _of_agent(typed, step)
        case LlmStep():
            schema = step.llm.json_schema or {"type": "string"}
            return from_schema(schema, Origin("Workflow", typed.workflow.name, (step.id,)))
        case ToolStep() | AskStep() | ListenStep():
            return _waited(typed, step)
        case WorkflowStep():
            return _of_workflow(typed, step)
        case ApprovalStep():
            decision = of("string", values=step.approval.options)
            said = {"decision": Field(decision), "by": Field(_STRING), "comment": Field(_STRING)}
            payload = from_schema(step.approval.edit) if step.approval.edit else ANY
            return types.obj({**said, "payload": Field(payload), "votes": Field(of("list"))})
        case HttpStep():
            return types.obj({"status": Field(of("int")), "body": Field(ANY)})
        case EmitStep():
            return types.obj({"event": Field(_STRING)})
        case SetStep():
            return typed.value(step.set, (*node.loc, "set"))
        case FunctionStep():
            function = registered().get(step.function)
            return from_schema(function.output) if function and function.output else ANY
        case ParallelStep() | ForEachStep():
            return _of_bodies(typed, node)
        case WaitStep():
            return of("null")
        case _:
            return ANY


def _of_agent(typed: "Typed", step: AgentStep) -> Type:
    """What is not there, or can't be read, is told elsewhere: nothing is known of it."""
    agent, schema = typed.catalogue.find("Agent", step.agent), output_schema(typed.catalogue, step)
    if agent is None or (schema is None and agent.spec.output is not None):
        return ANY
    return from_schema(schema if schema is not None else {}, Origin("Agent", step.agent))


def _waited(typed: "Typed", step: ToolStep | AskStep | ListenStep) -> Type:
    if isinstance(step, ToolStep):
        schema = output_schema(typed.catalogue, step)
        return from_schema(schema) if schema is not None else ANY
    if isinstance(step, AskStep):
        answered, late = from_schema(step.ask.json_schema), step.ask.on_timeout
    else:
        answered, late = _heard(typed, step.listen), step.listen.on_timeout
    return answered if late is None else join([answered, types.constant(late)])


def _heard(typed: "Typed", listen: Listen) -> Type:
    payloads = [payload_type(typed, one.channel) for one in listen.heard]
    if listen.all:
        return of("list", items=join(payloads), max_items=len(payloads))
    if listen.any:
        channels = of("string", values=tuple(one.channel for one in listen.any))
        return types.obj({"channel": Field(channels), "payload": Field(join(payloads))})
    return payloads[0]


def payload_type(typed: "Typed", name: str) -> Type:
    """Return the type of the events of a channel."""
    channel = typed.catalogue.find("Channel", name)
    schema = schema_of(typed.catalogue, channel, channel.spec.payload) if channel else None
    return from_schema(schema) if schema is not None else ANY


def _of_workflow(typed: "Typed", step: WorkflowStep) -> Type:
    from generator.workflows.typed import typed as typed_

    spec = typed.catalogue.find("Workflow", step.workflow)
    return typed_(typed.catalogue, spec).output if spec and spec.spec.output else ANY


def _of_bodies(typed: "Typed", node: Node) -> Type:
    found: dict[str, Type] = {}
    for loc, steps in inside(node):
        only = steps[0] if len(steps) == 1 and steps[0].when is None and not steps[0].on_error else None
        found[str(loc[-1])] = output_type(typed, Node((*loc, 0), only, (), True)) if only else ANY
    if isinstance(node.step, ForEachStep):
        items = next(iter(found.values()), ANY)
        failed = [of("null")] if node.step.for_each.tolerated_failures else []
        return of("list", items=join([items, *failed]), max_items=typed.listed(node).max_items)
    return types.obj(_branches(found, all_=getattr(node.step, "parallel").join == "all"))  # noqa: B009


def _branches(found: Mapping[str, Type], *, all_: bool) -> Mapping[str, Field]:
    return {name: Field(type_, required=all_) for name, type_ in found.items()}
