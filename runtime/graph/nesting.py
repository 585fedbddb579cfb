"""Steps that hold other steps: branches, items of a list, and sub-workflows.

Each is one node that invokes graphs of its own. LangGraph keeps their checkpoints below the node's, finds them again
after a crash or an answer, and hands their interrupts up; graphs that had ended are not run again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from langgraph.errors import GraphDrained, GraphInterrupt

from runtime import expressions, schemas
from runtime.contract import Context
from runtime.graph.frame import Compiled, Frame
from runtime.graph.state import Write, initial, scope
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.workflow import WorkflowStep
from runtime.problems import Problem, StepError, failed, from_json, problem


@dataclass(frozen=True)
class Result:
    """What executing a step has led to."""

    output: Any = None
    writes: tuple[Write, ...] = ()
    goto: str | None = None
    way: str = "next"
    """How it goes on: `next`, or the branch of a switch."""
    used: int = 0
    """Steps that were executed inside and count for this workflow."""


@dataclass(frozen=True)
class _Body:
    """How a branch, or an item's steps, ended; `problem` is set when it failed."""

    output: Any
    writes: tuple[Write, ...]
    used: int
    problem: Problem | None


Call = Callable[[], Coroutine[Any, Any, _Body]]
_STOPS = (GraphInterrupt, GraphDrained)
"""What is neither a result nor a failure: a graph waits, or stops because the process has to."""


async def parallel(step: ParallelStep, bodies: Mapping[str, Compiled], frame: Frame, context: Context) -> Result:
    """Run branches; the output is `{branch: its last output}` of those that have ended well."""
    names = list(bodies)
    calls = [
        call(bodies[name], frame.inside(f"{_place(context)}.{name}", context.attempt, context.scope, frame.item))
        for name in names
    ]
    join = step.parallel.join
    enough = {"all": len(names), "any": 1}.get(join, len(names)) if isinstance(join, str) else min(join, len(names))
    ended = await _together(calls, limit=len(calls), enough=enough if enough < len(names) else None)
    well = [(name, body) for name, body in zip(names, ended, strict=True) if body and not body.problem]
    if len(well) < enough:
        raise StepError(next(body.problem for body in ended if body and body.problem))
    lost = {name: body for name, body in zip(names, ended, strict=True) if not body or body.problem}
    for name, body in lost.items():
        why = (body and body.problem) or problem("cancelled", "Enough other branches have ended", name, context.path)
        await frame.saga.undo(frame, (f"{context.key}.{name}/",), why)
    _refuse_conflicts(frame, well)
    return Result({name: body.output for name, body in well}, _writes(body for _, body in well), used=_used(ended))


def _refuse_conflicts(frame: Frame, well: Sequence[tuple[str, _Body]]) -> None:
    """Raise when two branches wrote one field that can hold only one value: the order would decide in silence."""
    by: dict[str, str] = {}
    for name, body in well:
        for field in {field for field, _ in body.writes if frame.document.state[field].reducer == "replace"}:
            if other := by.get(field):
                detail = f"`{other}` and `{name}` both write `{field}`, which has no reducer"
                raise failed("conflict", "Two branches write one state field", detail)
            by[field] = name


async def for_each(step: ForEachStep, body: Compiled, frame: Frame, context: Context) -> Result:
    """Run steps for every item; the output is the list of their last outputs, `null` for those that failed."""
    asked = step.for_each
    items = expressions.evaluate(asked.in_, context.scope)
    if not isinstance(items, list):
        raise failed("expression", "`in` is not a list", f"{asked.in_}: {items!r}"[:300])
    found = cast("list[Any]", items)
    frames = [
        frame.inside(f"{_place(context)}[{number}]", context.attempt, context.scope, item)
        for number, item in enumerate(found)
    ]
    ended = await _together([call(body, inner) for inner in frames], limit=asked.max_concurrency, enough=None)
    bad = [one.problem for one in ended if one and one.problem]
    if len(bad) > _tolerated(asked.tolerated_failures, len(found)):
        raise StepError(bad[0])
    for number, one in enumerate(ended):
        if one and one.problem:
            await frame.saga.undo(frame, (f"{context.key}[{number}]/",), one.problem)
    well = [one for one in ended if one and not one.problem]
    return Result([one.output if one and not one.problem else None for one in ended], _writes(well), used=_used(ended))


def _tolerated(written: int | str, items: int) -> int:
    return written if isinstance(written, int) else items * int(written[:-1]) // 100


async def workflow(step: WorkflowStep, frame: Frame, context: Context) -> Result:
    """Run a sub-workflow; its input is held to its schema, its problems become the step's."""
    digest = frame.document.workflows.get(step.workflow)
    if digest is None:
        raise failed("not-found", "The document does not name this sub-workflow", step.workflow)
    document = frame.document_of(digest)
    input_ = expressions.mapping(step.with_, context.scope)
    if found := schemas.findings(document.input, input_):
        raise failed("invalid-input", f"{step.workflow} does not accept this input", "; ".join(found))
    inner = frame.below(_place(context), context.attempt, document)
    values = await frame.nested(document).ainvoke(initial(document, input_), context=inner)
    if values.get("failed"):
        raise StepError(from_json(values["failed"]))
    return Result(finished(inner, values))


def finished(frame: Frame, values: Mapping[str, Any]) -> Any:
    """Return the output of a workflow that has ended."""
    return expressions.mapping(frame.document.output, scope(frame, values))


def _place(context: Context) -> str:
    """Return the step with the number of its visit, as `key` has it."""
    return context.key.rsplit("/", 1)[1]


def call(body: Compiled, frame: Frame) -> Call:
    """Return a call of the graph of some steps inside a step."""

    async def invoke() -> _Body:
        values = await body.ainvoke({"writes": [], "used": 0}, context=frame)
        writes = tuple((name, value) for name, value in values.get("writes", ()))
        found = from_json(values["failed"]) if values.get("failed") else None
        return _Body(values.get("last"), writes, values.get("used", 0), found)

    return invoke


def _writes(bodies: "Sequence[_Body] | Any") -> tuple[Write, ...]:
    return tuple(write for body in bodies for write in body.writes)


def _used(ended: Sequence[_Body | None]) -> int:
    return sum(body.used for body in ended if body)


async def _together(calls: Sequence[Call], *, limit: int, enough: int | None) -> list[_Body | None]:
    """Run calls, `limit` at a time, and return their results in order; `None` for those that were cancelled.

    With `enough`, the rest is cancelled once so many have ended well. The calls start in order, because LangGraph
    numbers the checkpoints of nested graphs by the order in which they start. Interrupts are handed up together; when
    the process has to stop, each call gets to the end of its step first.
    """
    gate = asyncio.Semaphore(limit)

    async def gated(one: Call) -> _Body:
        async with gate:
            return await one()

    tasks = [asyncio.create_task(gated(one)) for one in calls]
    try:
        await _settle(tasks, enough)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    ended = [None if task.cancelled() else task for task in tasks]
    stopped = [task.exception() for task in ended if task and isinstance(task.exception(), _STOPS)]
    well = sum(1 for task in ended if task and not task.exception() and not task.result().problem)
    if stopped and (enough is None or well < enough):
        raise _handed_up(stopped)
    return [task.result() if task and not task.exception() else None for task in ended]


def _handed_up(stopped: Sequence[BaseException | None]) -> BaseException:
    """Return the one exception that stands for all: to stop comes before to wait."""
    for error in stopped:
        if isinstance(error, GraphDrained):
            return error
    return GraphInterrupt(tuple(one for error in stopped if error for one in error.args[0]))


async def _settle(tasks: Sequence[asyncio.Task[_Body]], enough: int | None) -> None:
    """Wait until all have ended, or enough have ended well; raise what is neither a result nor an interrupt."""
    waiting = set(tasks)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            error = task.exception()
            if error and not isinstance(error, _STOPS):
                raise error
        ended = [task for task in tasks if task.done() and not task.exception()]
        if enough is not None and sum(1 for task in ended if not task.result().problem) >= enough:
            return
