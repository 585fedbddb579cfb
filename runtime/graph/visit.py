"""The life of one step: count, condition, attempts, writes, the way on."""

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from runtime import expressions
from runtime.contract import Answer, Context, NodeType, Pause, ResilienceDocument, Retry, Step, millis
from runtime.graph.caching import cached
from runtime.graph.choosing import switch
from runtime.graph.frame import END, Compiled, Frame
from runtime.graph.nesting import Result, call, for_each, parallel, workflow
from runtime.graph.state import checked, scope, updates
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.switch import SwitchStep
from runtime.nodes.workflow import WorkflowStep
from runtime.problems import Failure, LeaseLost, Problem, StepError, StoreError, problem
from runtime.telemetry import logs, tracing

log = logging.getLogger(__name__)
_NOTHING = Result()
_ONCE = Retry(max_attempts=1)


@dataclass(frozen=True)
class Visited:
    """How a visit ended: one of the outcomes of the catalogue, and where the run goes."""

    outcome: str
    goto: str
    result: Result = _NOTHING
    problem: Problem | None = None
    final: bool = False
    """The graph ends here, and has failed."""
    way: str = "next"
    """Which way out of the step was taken: `next`, `skipped`, `switch[0]`, `default`, `onError[0]`, `onExhausted`, or
    `failed` where nothing takes a failure."""


@dataclass(frozen=True)
class StepNode:
    """One step as a node of a graph. `follows` is the step below it; `bodies` are the graphs it holds."""

    step: Step
    verb: NodeType
    follows: str
    bodies: Mapping[str, Compiled]

    async def visit(self, values: dict[str, Any], runtime: Runtime[Frame]) -> Command[Any]:
        """Execute the step once and say what to write and where to go."""
        frame = runtime.context
        before = values.get(f"steps.{self.step.id}") or {"visits": 0}
        number = before["visits"] + 1
        start = frame.services.now()
        path, run = frame.plain(self.step.id), str(frame.run["id"])
        frame.watch("step-started", {"path": path, "key": self._key(frame, number)})
        with (
            logs.about(step=path),
            tracing.step_span(run, frame.document.name, self.step.id, path, self.verb.name) as span,
        ):
            visited = await self._visited(frame, values, number)
            span.ended({"apm.step.outcome": visited.outcome}, visited.problem)
            if visited.problem:
                log.info("step %s has failed: a problem of type %s", path, visited.problem.type)
        self._tell(frame, visited, number, start)
        return self._command(frame, visited, before["visits"] + (visited.outcome in ("succeeded", "failed")))

    # --- before the work --------------------------------------------------------------------------------------------

    async def _visited(self, frame: Frame, values: Mapping[str, Any], number: int) -> Visited:
        limit = frame.document.limits.max_steps
        if frame.tally.take(values.get("used", 0)) > limit:
            return self._give_up(
                frame, "too-many-steps", "The run has executed too many steps", f"the limit is {limit}"
            )
        if self.step.max_visits and number > self.step.max_visits:
            return self._exhausted(frame)
        context = self._context(frame, values, number)
        try:
            if self.step.when and not expressions.condition(self.step.when, context.scope):
                return Visited("skipped", self._next(), way="skipped")
            context = self._with_key(context)
            return await self._worked(frame, context)
        except StoreError:
            raise  # nothing is known to have failed, and nothing could be recorded
        except StepError as error:
            return await self._failed(error.problem, frame, context)

    def _exhausted(self, frame: Frame) -> Visited:
        if self.step.on_exhausted is None:
            detail = f"{self.step.id} may be visited {self.step.max_visits} times"
            return replace(
                self._give_up(frame, "exhausted", "A step was visited too often", detail), outcome="exhausted"
            )
        return Visited("exhausted", self.step.on_exhausted, way="onExhausted")

    def _give_up(self, frame: Frame, type_: str, title: str, detail: str) -> Visited:
        return Visited(
            "failed", END, problem=problem(type_, title, detail, frame.plain(self.step.id)), final=True, way="failed"
        )

    def _key(self, frame: Frame, number: int) -> str:
        return "/".join((str(frame.run["id"]), *frame.path, f"{self.step.id}#{number}"))

    def _context(self, frame: Frame, values: Mapping[str, Any], number: int) -> Context:
        path, key = frame.plain(self.step.id), self._key(frame, number)
        return Context(
            document=frame.document,
            scope=scope(frame, values),
            services=frame.services,
            pause=lambda pause: _interrupted(pause, path),
            key=key,
            idempotency_key=key,
            step=self.step.id,
            path=path,
            pots=frame.pots,
            watch=frame.watch,
        )

    def _with_key(self, context: Context) -> Context:
        if self.step.idempotency_key is None:
            return context
        return replace(context, idempotency_key=str(expressions.value(self.step.idempotency_key, context.scope)))

    # --- the work ---------------------------------------------------------------------------------------------------

    async def _worked(self, frame: Frame, context: Context) -> Visited:
        policy = frame.document.resilience.get(self.step.resilience or "")

        async def work() -> Result:
            attempts = self._attempts(frame, context, policy)
            return await _within(frame, self.step.timeout, attempts, "The step took too long")

        result = await cached(self.step, frame, context, work)
        if self.step.compensate:
            await frame.saga.completed(self.step, context.key, frame, _with_result(context, result.output))
        return self._ended(frame, context, result)

    async def _attempts(self, frame: Frame, context: Context, policy: ResilienceDocument | None) -> Result:
        retry = self.step.retry or (policy.retry if policy else _ONCE)
        for number in range(1, retry.max_attempts + 1):
            attempt = replace(context, attempt=".".join((*frame.attempts, str(number))))
            try:
                return await self._attempt(frame, attempt, policy)
            except StoreError:
                raise
            except StepError as error:
                if number == retry.max_attempts or error.problem.type not in retry.retry_on:
                    raise
                context.watch("step-retried", self._told(frame, context, error.problem))
                await frame.services.sleep(_pause(retry, number, frame.services.random()))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _attempt(self, frame: Frame, context: Context, policy: ResilienceDocument | None) -> Result:
        async def once() -> Result:
            # Waiting for its turn is no part of an attempt; a timeout counts for the breaker.
            limit = policy.timeout if policy else None
            return await _within(frame, limit, self._execute(frame, context), "An attempt took too long")

        if policy and (policy.breaker or policy.rate_per_minute):
            return await frame.services.guarded(policy, once)
        return await once()

    async def _execute(self, frame: Frame, context: Context) -> Result:
        try:
            return await self._by_verb(frame, context)
        except (StepError, GraphBubbleUp, TimeoutError, LeaseLost):
            raise
        except Failure as error:
            raise StepError(problem("unavailable", error.message, error.hint)) from error
        except Exception as error:
            # A defect of a function or of ours must not take the worker down: the run fails and says where.
            detail = f"{type(error).__name__}: {error}"[:500]
            raise StepError(problem("internal", "The step failed unexpectedly", detail)) from error

    async def _by_verb(self, frame: Frame, context: Context) -> Result:
        step = self.step
        if isinstance(step, SwitchStep):
            return switch(step, context)
        if isinstance(step, ParallelStep):
            return await parallel(step, self.bodies, frame, context)
        if isinstance(step, ForEachStep):
            return await for_each(step, self.bodies["item"], frame, context)
        if isinstance(step, WorkflowStep):
            return await workflow(step, frame, context)
        assert self.verb.run, self.verb.name
        return Result(await self.verb.run(step, context))

    # --- after the work ---------------------------------------------------------------------------------------------

    def _ended(self, frame: Frame, context: Context, result: Result) -> Visited:
        saved = expressions.mapping(self.step.save, {**context.scope, "output": result.output})
        own = dict(result.output) if self.verb.saves else {}
        writes = (*result.writes, *checked(frame.document, {**own, **saved}.items()))
        written = replace(result, writes=writes)
        return Visited("succeeded", result.goto or self._next(), written, way=result.way)

    async def _failed(self, found: Problem, frame: Frame, context: Context) -> Visited:
        found = replace(found, instance=found.instance or context.path)
        for number, handler in enumerate(self.step.on_error):
            if handler.match in ("*", found.type):
                # What was done inside is undone here: the run goes on as if the step had not been.
                await frame.saga.undo(frame, (f"{context.key}/", f"{context.key}.", f"{context.key}["), found)
                goto = handler_name(self.step.id, number) if handler.do else handler.goto or self._next()
                return Visited("failed", goto, problem=found, way=f"onError[{number}]")
        return Visited("failed", END, problem=found, final=True, way="failed")

    def _next(self) -> str:
        return self.step.next or self.follows

    def _told(self, frame: Frame, context: Context, found: Problem) -> Mapping[str, Any]:
        place = {"path": context.path, "workflow": frame.document.name, "step": self.step.id}
        return {**place, "problem": found.json()}

    def _tell(self, frame: Frame, visited: Visited, number: int, start: int) -> None:
        ended = {"path": frame.plain(self.step.id), "key": self._key(frame, number), "workflow": frame.document.name}
        more = {"step": self.step.id, "verb": self.verb.name, "outcome": visited.outcome, "goto": visited.goto,
                "way": visited.way}  # fmt: skip
        took = {"seconds": (frame.services.now() - start) / 1000, "agent": getattr(self.step, "agent", "")}
        found = {"problem": visited.problem.json()} if visited.problem else {}
        wrote = {"writes": [list(write) for write in visited.result.writes]} if frame.shows else {}
        frame.watch("step-ended", {**ended, **more, **took, **found, **wrote})

    def _command(self, frame: Frame, visited: Visited, visits: int) -> Command[Any]:
        found = visited.problem.json() if visited.problem else None
        record = {"outcome": visited.outcome, "output": visited.result.output, "problem": found, "visits": visits}
        update: list[tuple[str, Any]] = [(f"steps.{self.step.id}", record), ("used", 1 + visited.result.used)]
        if visited.outcome == "succeeded":
            update.append(("last", visited.result.output))
        if visited.final:
            update.append(("failed", found))
        update += updates(frame, visited.result.writes)
        return Command(update=update, goto="__end__" if visited.goto == END else visited.goto)


def handler_name(step: str, number: int) -> str:
    """Return the name of the node that runs the `do` of a handler; no step can have such a name."""
    return f"{step}.onError[{number}]"


@dataclass(frozen=True)
class HandlerNode:
    """The steps of one handler as a node of their own: a failure is recorded before it is handled."""

    step: Step
    number: int
    goto: str
    body: Compiled

    async def visit(self, values: dict[str, Any], runtime: Runtime[Frame]) -> Command[Any]:
        """Run the steps and go on where the handler says; when one of them fails, the graph fails."""
        frame, record = runtime.context, values[f"steps.{self.step.id}"]
        place = f"{self.step.id}#{record['visits']}.onError[{self.number}]"
        body = await call(self.body, frame.handling(place, scope(frame, values), record["problem"]))()
        if body.problem:
            return Command(update=[("failed", body.problem.json()), ("used", body.used)], goto="__end__")
        update: list[tuple[str, Any]] = [("used", body.used), ("last", body.output), *updates(frame, body.writes)]
        return Command(update=update, goto="__end__" if self.goto == END else self.goto)


def _with_result(context: Context, output: Any) -> Mapping[str, Any]:
    """Return what a step has seen, with its own output."""
    own = {"outcome": "succeeded", "output": output, "problem": None}
    return {**context.scope, "steps": {**context.scope["steps"], context.step: own}}


async def _within(frame: Frame, limit: str | None, work: Awaitable[Result], title: str) -> Result:
    """Return what the work returns; raises `StepError` (`timeout`) when it takes longer."""
    if limit is None:
        return await work
    try:
        return await frame.services.within(millis(limit) / 1000, work)
    except TimeoutError:
        raise StepError(problem("timeout", title, f"its timeout is {limit}")) from None


def _interrupted(pause: Pause, path: str) -> Answer:
    given = interrupt({**asdict(pause), "path": path})
    return Answer(**given)


def _pause(retry: Retry, failures: int, random: float) -> float:
    """Return seconds to wait: exponential, and anywhere between nothing and that when jitter is on."""
    full = min(millis(retry.initial_interval) * retry.backoff_factor ** (failures - 1), millis(retry.max_interval))
    return full / 1000 * (random if retry.jitter else 1.0)
