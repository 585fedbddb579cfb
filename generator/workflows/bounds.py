"""How many steps a run of a workflow takes at most, and on which way.

Counted as the runtime counts: every visit of a step is one, skipped and exhausted visits too; branches and items count
for the workflow that they stand in, sub-workflows for themselves.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from generator.model import Catalogue, Declared, Loc
from generator.workflows.flow import END, Node, Scope, inside, scopes
from generator.workflows.typed import Typed, typed
from runtime.nodes.approval import ApprovalStep
from runtime.nodes.ask import AskStep
from runtime.nodes.fail import FailStep
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.listen import ListenStep
from runtime.nodes.switch import SwitchStep
from runtime.nodes.wait import WaitStep

WAITS = (ApprovalStep, AskStep, ListenStep, WaitStep)
_STATES = 50_000
"""Combinations of step and visits that are tried; beyond, the number is not computed."""
Visits = tuple[int, ...]


@dataclass(frozen=True)
class Bound:
    """The longest way through a list of steps."""

    steps: int
    way: tuple[Node, ...] = ()
    """Steps in the order of their visits."""
    endless: tuple[Node, ...] = ()
    """Steps that can repeat for ever although one of them has `maxVisits`."""
    assumptions: tuple[str, ...] = ()
    """What the number rests on."""
    unlisted: tuple[str, ...] = ()
    """Steps that go through lists of which nothing says how long they can be; each counts with one item."""


@dataclass(frozen=True)
class _Edge:
    target: int | None
    counted: bool
    """Whether the visit counts for `maxVisits`: one that is skipped does not."""
    handler: int = 0
    """What the steps of the handler weigh that leads there."""


@dataclass
class _Search:
    scope: Scope
    weights: list[int]
    handlers: list[list[int]]
    """For each step, what its handlers weigh."""
    over: int
    """What a visit that `maxVisits` refuses weighs."""
    known: dict[tuple[int, Visits], tuple[int, tuple[int, Visits] | None]] = field(
        default_factory=dict[tuple[int, Visits], tuple[int, "tuple[int, Visits] | None"]]
    )
    open_: dict[tuple[int, Visits], None] = field(default_factory=dict[tuple[int, Visits], None])
    """Where the search is, in the order in which it got there."""
    cut: bool = False
    """There were too many combinations; the result is too small."""
    endless: tuple[int, ...] = ()
    waited: set[int] = field(default_factory=set[int])
    """Steps that wait, where a cycle was cut: people or events decide how often it repeats."""

    def run(self) -> int:
        """Return the weight of the heaviest way from the first step."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, 2 * _STATES))  # one level for each visit of the way
        try:
            return self.longest(0, (0,) * len(self.scope.nodes))
        finally:
            sys.setrecursionlimit(limit)

    def longest(self, position: int, visits: Visits) -> int:
        """Return how many steps follow at most, this one included."""
        state = (position, visits)
        if state in self.known:
            return self.known[state][0]
        if state in self.open_:
            self._cycle(state)
            return 0
        if len(self.known) + len(self.open_) > _STATES:
            self.cut = True
            return 0
        self.open_[state] = None
        best, after = 0, None
        for edge, then in self._after(position, visits):
            length = edge.handler + (self.longest(edge.target, then) if edge.target is not None else 0)
            if length > best:
                best, after = length, (edge.target, then) if edge.target is not None else None
        del self.open_[state]
        over = self._over(position, visits)
        self.known[state] = ((self.over if over else self.weights[position]) + best, after)
        return self.known[state][0]

    def _cycle(self, state: tuple[int, Visits]) -> None:
        around = list(self.open_)
        around = around[around.index(state) :]
        positions = tuple(dict.fromkeys(position for position, _ in around))
        waiting = [p for p in positions if isinstance(self.scope.nodes[p].step, WAITS)]
        self.waited.update(waiting)
        # A cycle without `maxVisits` anywhere is another check's to report.
        guarded = any(self.scope.nodes[p].step.max_visits is not None for p in positions)
        if guarded and not waiting and not self.endless:
            self.endless = positions

    def _over(self, position: int, visits: Visits) -> bool:
        limit = self.scope.nodes[position].step.max_visits
        return limit is not None and visits[position] >= limit

    def _after(self, position: int, visits: Visits) -> Iterator[tuple[_Edge, Visits]]:
        for edge in self._edges(position, self._over(position, visits)):
            counted = edge.counted and self.scope.nodes[position].step.max_visits is not None
            yield edge, _more(visits, position) if counted else visits

    def _edges(self, position: int, over: bool) -> Iterator[_Edge]:
        step = self.scope.nodes[position].step
        if over:
            yield _Edge(self._target(step.on_exhausted or END), counted=False)
            return
        following = (
            self._target(step.next) if step.next else position + 1 if position + 1 < len(self.scope.nodes) else None
        )
        if step.when is not None:
            yield _Edge(following, counted=False)
        if isinstance(step, SwitchStep):
            yield from (
                _Edge(self._target(name), counted=True) for name in (*(c.then for c in step.switch), step.default)
            )
        elif not isinstance(step, FailStep):
            yield _Edge(following, counted=True)
        for handler, weight in zip(step.on_error, self.handlers[position], strict=True):
            target = following if handler.goto is None else self._target(handler.goto)
            yield _Edge(target, counted=True, handler=weight)

    def _target(self, name: str) -> int | None:
        return None if name == END else self.scope.positions.get(name)

    def way(self) -> tuple[Node, ...]:
        """Return the steps of the longest way."""
        found: list[Node] = []
        state: tuple[int, Visits] | None = (0, (0,) * len(self.scope.nodes))
        while state is not None and state in self.known:
            found.append(self.scope.nodes[state[0]])
            state = self.known[state][1]
        return tuple(found)


def _more(visits: Visits, position: int) -> Visits:
    return (*visits[:position], visits[position] + 1, *visits[position + 1 :])


def bound(catalogue: Catalogue, workflow: Declared) -> Bound:
    """Return the longest way through a workflow."""
    return workflow.once(f"bound {id(catalogue)}", lambda: _bound(typed(catalogue, workflow), scopes(workflow)[0]))


def _bound(types: Typed, scope: Scope) -> Bound:
    by_loc = {other.loc: other for other in scopes(types.workflow)}
    weights, handlers, assumptions, endless = list[int](), list[list[int]](), list[str](), list[Node]()
    unlisted = list[str]()
    for node in scope.nodes:
        inner = [_bound(types, by_loc[loc]) for loc, _ in inside(node)]
        times = _times(types, node)
        weights.append(1 + (1 if times is None else times) * sum(one.steps for one in inner))
        unlisted += [*([] if times is not None else [node.step.id]), *(name for one in inner for name in one.unlisted)]
        assumptions += [text for one in inner for text in one.assumptions]
        endless += [step for one in inner for step in one.endless]
        handled = [_bound(types, by_loc[loc]) if loc in by_loc else Bound(0) for loc in _handlers(node)]
        handlers.append([one.steps for one in handled])
        endless += [step for one in handled for step in one.endless]
        unlisted += [name for one in handled for name in one.unlisted]
        assumptions += [text for one in handled for text in one.assumptions]
    search = _Search(scope, weights, handlers, 1)
    steps = search.run()
    names = [scope.nodes[position].step.id for position in sorted(search.waited)]
    waits = [f"whoever answers {name} sends the run back no more than once" for name in names]
    if search.cut:
        waits.append(f"there are more ways than can be tried ({_STATES} combinations), so the steps may be more")
    own = tuple(scope.nodes[position] for position in search.endless)
    return Bound(steps, search.way(), own or tuple(endless), (*assumptions, *waits), tuple(unlisted))


def heaviest(types: Typed, weigh: Callable[[Node], int], scope: Scope | None = None, unlisted: int = 1) -> int:
    """Return the largest sum of weights of the steps on any way through a workflow.

    `unlisted` is what a list counts as of which nothing says how long it can be.
    """
    scope = scope or scopes(types.workflow)[0]
    by_loc = {other.loc: other for other in scopes(types.workflow)}

    def of(loc: Loc) -> int:
        return heaviest(types, weigh, by_loc[loc], unlisted) if loc in by_loc else 0

    def within(node: Node) -> int:
        times = _times(types, node)
        return (unlisted if times is None else times) * sum(of(loc) for loc, _ in inside(node))

    weights = [weigh(node) + within(node) + of((*node.loc, "compensate")) for node in scope.nodes]
    handlers = [[of(loc) for loc in _handlers(node)] for node in scope.nodes]
    return _Search(scope, weights, handlers, 0).run()


def _handlers(node: Node) -> Iterator[Loc]:
    """Yield where the steps of each handler would stand; not all handlers have some."""
    yield from ((*node.loc, "onError", index, "do") for index in range(len(node.step.on_error)))


def _times(types: Typed, node: Node) -> int | None:
    """Return how often the steps inside a step run at most; None where nothing says how long its list can be."""
    return types.listed(node).max_items if isinstance(node.step, ForEachStep) else 1
