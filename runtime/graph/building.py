"""Workflow documents to compiled graphs; LangGraph's graph API is used here and nowhere else.

`Graphs(saver)` keeps one compiled graph per digest. Every step is one async node; where a run goes on is decided in the
node and handed over as a `Command`, so that a graph needs no edges but the one to its first step.
"""

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from langchain_core.runnables.config import var_child_runnable_config
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphDrained
from langgraph.graph import START, StateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command, Overwrite

from runtime import steps as verbs
from runtime.contract import Step, WorkflowDocument
from runtime.graph.frame import END, Compiled, Frame
from runtime.graph.nesting import call
from runtime.graph.state import body_schema, workflow_schema
from runtime.graph.visit import HandlerNode, StepNode, handler_name
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.parallel import ParallelStep
from runtime.problems import Problem

__all__ = ["GraphDrained", "Graphs", "RunControl", "resume"]

KEPT = 256
"""Compiled graphs that are kept; one of 100 steps takes about 0.5 MB and 15 ms."""


def resume(answers: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> Any:
    """Return what a graph is invoked with to go on: with answers to what it waits for, or where it was.

    `state` are fields that were set meanwhile; they replace what is there, whatever their reducer says.
    """
    update = {f"state.{name}": Overwrite(value) for name, value in (state or {}).items()}
    if not answers and not update:
        return None
    return Command(resume=dict(answers) or None, update=update or None)


class Graphs:
    """Compiled graphs by digest."""

    def __init__(self, saver: "BaseCheckpointSaver[Any] | None") -> None:
        self._saver = saver
        self._kept: OrderedDict[tuple[str, bool], Compiled] = OrderedDict()

    def run(self, document: WorkflowDocument, *, saved: bool = True) -> Any:
        """Return the graph that runs a workflow from the top; without checkpoints when nothing in it is worth one."""
        return self._get(document, nested=not saved)

    def nested(self, document: WorkflowDocument) -> Compiled:
        """Return the graph that runs a workflow inside another one; its checkpoints are kept below that one's."""
        return self._get(document, nested=True)

    async def undo(self, document: WorkflowDocument, step: Step, frame: Frame) -> Problem | None:
        """Run the steps that undo one, apart from any graph around; returns why that has failed."""
        name = f"{step.id}.compensate"
        body = self._keep((f"{document.digest} {name}", True), lambda: _body(step.compensate, name))
        alone = contextvars.copy_context()
        alone.run(var_child_runnable_config.set, None)
        return (await asyncio.create_task(call(body, frame)(), context=alone)).problem

    def _get(self, document: WorkflowDocument, *, nested: bool) -> Compiled:
        saver = None if nested else self._saver
        return self._keep((document.digest, nested), lambda: _workflow(document, saver))

    def _keep(self, key: tuple[str, bool], make: Callable[[], Compiled]) -> Compiled:
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _workflow(document: WorkflowDocument, saver: "BaseCheckpointSaver[Any] | None") -> Compiled:
    steps = verbs.parse(document.steps)
    return _compiled(steps, workflow_schema(document, [step.id for step in steps]), document.name, saver)


def _body(steps: Sequence[Step], name: str) -> Compiled:
    return _compiled(steps, body_schema([step.id for step in steps]), name, None)


def _compiled(steps: Sequence[Step], schema: Any, name: str, saver: "BaseCheckpointSaver[Any] | None") -> Compiled:
    graph: Any = StateGraph(schema, context_schema=Frame)
    following = [step.id for step in steps[1:]] + [END]
    for step, follows in zip(steps, following, strict=True):
        node = StepNode(step, verbs.NODES[verbs.name_of(step)], follows, _bodies(step))
        graph.add_node(step.id, node.visit)
        for number, handler in enumerate(step.on_error):
            if handler.do:
                name = handler_name(step.id, number)
                goto = handler.goto or step.next or follows
                graph.add_node(name, HandlerNode(step, number, goto, _body(handler.do, name)).visit)
    graph.add_edge(START, steps[0].id)
    return cast("Compiled", graph.compile(checkpointer=saver, name=name))


def _bodies(step: Step) -> dict[str, Compiled]:
    if isinstance(step, ParallelStep):
        return {name: _body(steps, f"{step.id}.{name}") for name, steps in step.parallel.branches.items()}
    if isinstance(step, ForEachStep):
        return {"item": _body(step.for_each.steps, f"{step.id}.item")}
    return {}
