"""A workflow's steps as a graph: which steps there are, where they are written, and which may follow which.

Steps form scopes: the steps of the workflow, of each branch of a `parallel`, of the body of a `forEach`, those that
handle an error and those that undo a step. A step can only be followed by a step of its own scope, or by `end`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.model import Catalogue, Declared, Loc
from generator.references import references
from runtime.contract import Step
from runtime.nodes.fail import FailStep
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.set import SetStep
from runtime.nodes.switch import SwitchStep

END = "end"
"""What a step names to end the workflow, or its branch."""


@dataclass(frozen=True)
class Jump:
    """A place where a step names another one."""

    loc: Loc
    target: str


@dataclass(frozen=True)
class Node:
    """One step, where it is written, and where it may go."""

    loc: Loc
    step: Step
    jumps: tuple[Jump, ...]
    falls_through: bool
    """Whether the step that is written below may follow."""


@dataclass(frozen=True)
class Scope:
    """Steps that can follow each other."""

    loc: Loc
    """Where the list of steps is written."""
    nodes: tuple[Node, ...]
    around: frozenset[str] = frozenset()
    """Ids of the steps in the scopes around."""

    @cached_property
    def visible(self) -> frozenset[str]:
        """Ids of the steps whose outputs expressions here can read."""
        return self.around | self.positions.keys()

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Position of each step by its id; the first one where an id is used twice."""
        found: dict[str, int] = {}
        for position, node in enumerate(self.nodes):
            found.setdefault(node.step.id, position)
        return found

    @cached_property
    def dead(self) -> tuple[Jump, ...]:
        """Jumps to steps that are not in this scope."""
        return tuple(j for n in self.nodes for j in n.jumps if j.target != END and j.target not in self.positions)

    @cached_property
    def after(self) -> tuple[tuple[int | None, ...], ...]:
        """Positions that may follow each step; None is the end. Dead jumps are left out."""
        return tuple(self._after(position, node) for position, node in enumerate(self.nodes))

    def _after(self, position: int, node: Node) -> tuple[int | None, ...]:
        found: list[int | None] = []
        for jump in node.jumps:
            if jump.target == END:
                found.append(None)
            elif jump.target in self.positions:
                found.append(self.positions[jump.target])
        if node.falls_through:
            found.append(position + 1 if position + 1 < len(self.nodes) else None)
        return tuple(dict.fromkeys(found))

    def reachable(self, start: int) -> set[int]:
        """Return the positions that can be reached from one, itself included."""
        seen = {start}
        stack = [start]
        while stack:
            for position in self.after[stack.pop()]:
                if position is not None and position not in seen:
                    seen.add(position)
                    stack.append(position)
        return seen

    def cycles(self, without: Iterable[int] = ()) -> list[list[int]]:
        """Return the groups of steps that can reach each other, in order, leaving some steps out."""
        left_out = set(without)
        reach = {p: self._reach(p, left_out) for p in range(len(self.nodes)) if p not in left_out}
        groups: dict[tuple[int, ...], None] = {}
        for position, seen in reach.items():
            if position in seen:
                groups[tuple(sorted(other for other in seen if position in reach[other]))] = None
        return [list(group) for group in groups]

    def _reach(self, start: int, left_out: set[int]) -> set[int]:
        """Return what can be reached in one step or more."""
        seen: set[int] = set()
        stack = [start]
        while stack:
            for position in self.after[stack.pop()]:
                if position is not None and position not in left_out and position not in seen:
                    seen.add(position)
                    stack.append(position)
        return seen


def scopes(workflow: Declared) -> tuple[Scope, ...]:
    """Return every scope of a workflow, outer ones first."""
    return workflow.once("scopes", lambda: tuple(_scopes(workflow.spec.steps, ("spec", "steps"))))


def nodes(workflow: Declared) -> Iterator[Node]:
    """Yield every step of a workflow, those inside others too."""
    for scope in scopes(workflow):
        yield from scope.nodes


def _scopes(steps: tuple[Step, ...], loc: Loc, around: frozenset[str] = frozenset()) -> Iterator[Scope]:
    scope = Scope(loc, tuple(_node(step, (*loc, index)) for index, step in enumerate(steps)), around)
    yield scope
    for node in scope.nodes:
        for inner_loc, inner in (*inside(node), *attached(node)):
            yield from _scopes(inner, inner_loc, scope.visible)


def inside(node: Node) -> Iterator[tuple[Loc, tuple[Step, ...]]]:
    """Yield place and steps of every scope that a step runs as its work."""
    step = node.step
    if isinstance(step, ParallelStep):
        for name, branch in step.parallel.branches.items():
            yield (*node.loc, "parallel", "branches", name), branch
    elif isinstance(step, ForEachStep):
        yield (*node.loc, "forEach", "steps"), step.for_each.steps


def attached(node: Node) -> Iterator[tuple[Loc, tuple[Step, ...]]]:
    """Yield place and steps of every scope that is run after the work of a step: its handlers, and what undoes it."""
    for index, handler in enumerate(node.step.on_error):
        if handler.do:
            yield (*node.loc, "onError", index, "do"), handler.do
    if node.step.compensate:
        yield (*node.loc, "compensate"), node.step.compensate


def about_a_problem(loc: Loc) -> bool:
    """Return whether a place is in steps that handle an error or undo a step: there `error` is the problem."""
    for at, part in enumerate(loc):
        handled = part == "do" and loc[at - 2 : at - 1] == ("onError",)
        if handled or (part == "compensate" and at and isinstance(loc[at - 1], int)):
            return True
    return False


def _node(step: Step, loc: Loc) -> Node:
    leaves_always = step.when is None and isinstance(step, (SwitchStep, FailStep))
    goes_on = not leaves_always or any(handler.goto is None for handler in step.on_error)
    return Node(loc, step, tuple(_jumps(step, loc)), falls_through=step.next is None and goes_on)


def _jumps(step: Step, loc: Loc) -> Iterator[Jump]:
    if isinstance(step, SwitchStep):
        for index, case in enumerate(step.switch):
            yield Jump((*loc, "switch", index, "then"), case.then)
        yield Jump((*loc, "default"), step.default)
    if step.next is not None:
        yield Jump((*loc, "next"), step.next)
    for index, handler in enumerate(step.on_error):
        if handler.goto is not None:
            yield Jump((*loc, "onError", index, "goto"), handler.goto)
    if step.on_exhausted is not None:
        yield Jump((*loc, "onExhausted"), step.on_exhausted)


def writes(node: Node) -> Iterator[tuple[Loc, str]]:
    """Yield place and name of every state field that a step writes itself."""
    for field in node.step.save:
        yield (*node.loc, "save", field), field
    if isinstance(node.step, SetStep):
        for field in node.step.set:
            yield (*node.loc, "set", field), field


def writes_below(steps: tuple[Step, ...], loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Yield place and name of every state field that steps write, and the steps inside them."""
    for scope in _scopes(steps, loc):
        for node in scope.nodes:
            yield from writes(node)


def calls(catalogue: Catalogue) -> Mapping[str, Mapping[str, Loc]]:
    """Return which workflows each workflow runs, and where it says so first."""
    return catalogue.once("calls", lambda: _calls(catalogue))


def _calls(catalogue: Catalogue) -> dict[str, dict[str, Loc]]:
    found: dict[str, dict[str, Loc]] = {}
    for workflow in catalogue.all("Workflow"):
        below = found.setdefault(workflow.name, {})
        for reference in references(workflow):
            if reference.kind == "Workflow" and catalogue.find("Workflow", reference.name):
                below.setdefault(reference.name, reference.loc)
    return found
