"""What is known to be there before each step, on every path that leads to it; and a path on which it is not.

A fact is a field path that is there and not null: `("state", "verdict")` once a step has written it, `("steps", "ask")`
once the step was visited and `("steps", "ask", "output")` once it has succeeded, `("input", "batch")` after a condition
that tested it. Facts of several paths are joined to those of all of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from generator.model import Declared, Loc
from generator.workflows.flow import END, Node, Scope, attached, inside, scopes, writes
from generator.workflows.guards import NONE, Facts, Path, common, known, there
from runtime.contract import Field_, Step
from runtime.expressions.tree import tree
from runtime.nodes.fail import FailStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.switch import SwitchStep


@dataclass(frozen=True)
class Way:
    """One way on from a step: where it leads (None is the end), what is known then, and why it is taken."""

    start: int
    target: int | None
    facts: Facts
    why: str


@dataclass(frozen=True)
class ScopePaths:
    """The facts of one list of steps."""

    scope: Scope
    before: tuple[Facts | None, ...]
    """Before each step; None where no path leads."""
    ways: tuple[Way, ...]
    after: Facts | None
    """After the last step of all paths that end well; None where none does."""

    def without(self, path: Path, position: int | None) -> list[tuple[Node, str]] | None:
        """Return steps on the shortest way to a step (None: the end) on which a path is not known to be there.

        Each with the reason why it was left; None where there is no such way.
        """
        if position == 0:
            return []
        reached: dict[int, list[Way]] = {0: []}
        queue = [0]
        for current in queue:
            for way in (way for way in self.ways if way.start == current and not there(path, way.facts)):
                if way.target == position:
                    return [(self.scope.nodes[one.start], one.why) for one in (*reached[current], way)]
                if way.target is not None and way.target not in reached:
                    reached[way.target] = [*reached[current], way]
                    queue.append(way.target)
        return None


@dataclass
class _Walk:
    """Facts of all scopes of one workflow."""

    by_loc: Mapping[Loc, Scope]
    found: dict[Loc, ScopePaths] = field(default_factory=dict[Loc, ScopePaths])

    def scope(self, loc: Loc, entry: Facts) -> Facts | None:
        """Compute a list of steps and those inside it; returns what is known at its end."""
        scope = self.by_loc[loc]
        before: list[Facts | None] = [None] * len(scope.nodes)
        before[0], queue = entry, [0]
        ways: dict[int, list[Way]] = {}
        while queue:
            position = queue.pop()
            facts = before[position]
            assert facts is not None
            ways[position] = list(self._ways(scope, position, facts))
            for way in ways[position]:
                if way.target is None:
                    continue
                old = before[way.target]
                new = way.facts if old is None else old & way.facts
                if new != old:
                    before[way.target] = new
                    queue.append(way.target)
        listed = tuple(way for position in sorted(ways) for way in ways[position])
        ends = [way.facts for way in listed if way.target is None]
        after = common(ends) if ends else None
        self.found[loc] = ScopePaths(scope, tuple(before), listed, after)
        return after

    def _ways(self, scope: Scope, position: int, before: Facts) -> Iterator[Way]:
        node = scope.nodes[position]
        step = node.step
        visited, facts = ("steps", step.id), _forget(before, ("steps", step.id))
        ready = facts | ready_facts(step)
        if step.when is not None:
            skipped = facts | _said(step.when, holds=False) | {visited}
            yield Way(position, _next(scope, position), skipped, "skipped")
        for target, extra, why in _well(scope, position, step):
            yield Way(position, target, self._done(node, ready | extra), why)
        yield from self._handled(scope, position, ready | {visited, (*visited, "problem")})
        if step.on_exhausted is not None:
            yield Way(position, _target(scope, step.on_exhausted), facts | {visited}, "visited too often")

    def _handled(self, scope: Scope, position: int, failed: Facts) -> Iterator[Way]:
        """Yield the ways through the handlers of a step that has failed."""
        node = scope.nodes[position]
        for index, handler in enumerate(node.step.on_error):
            facts: Facts | None = failed
            if handler.do:
                after = self.scope((*node.loc, "onError", index, "do"), failed)
                known_state = NONE if after is None else frozenset(fact for fact in after if fact[0] != "steps")
                facts = None if after is None else known_state | {fact for fact in failed if fact[0] == "steps"}
            if facts is not None:
                why = "failed" if handler.match == "*" else f"failed as {handler.match}"
                target = _next(scope, position) if handler.goto is None else _target(scope, handler.goto)
                yield Way(position, target, facts, why)

    def _done(self, node: Node, facts: Facts) -> Facts:
        """Return what is known after a step has succeeded."""
        own = {("steps", node.step.id), ("steps", node.step.id, "output")}
        if node.step.compensate:  # it sees the state as the step has seen it
            self.scope((*node.loc, "compensate"), facts | own)
        for _, name in (*writes(node), *((loc, name) for loc, name in _below(self.by_loc, node))):
            facts = _forget(facts, ("state", name), itself=False)
        written = {("state", name) for _, name in writes(node)}
        bodies = [self.scope(loc, facts) for loc, _ in inside(node)]
        if isinstance(node.step, ParallelStep):
            written |= _joined(node.step, bodies)
        return facts | written | own


def ready_facts(step: Step) -> Facts:
    """Return what is known inside a step because its `when` holds."""
    return _said(step.when, holds=True) if step.when is not None else NONE


def case_facts(step: SwitchStep, case: int) -> Facts:
    """Return what is known where the first so many cases of a switch did not hold."""
    return NONE.union(*(_said(earlier.when, holds=False) for earlier in step.switch[:case]))


def _said(source: str, *, holds: bool) -> Facts:
    node = tree(source)
    return known(node, holds=holds) if node else NONE


def _well(scope: Scope, position: int, step: Step) -> Iterator[tuple[int | None, Facts, str]]:
    if isinstance(step, FailStep):
        return
    if not isinstance(step, SwitchStep):
        yield _next(scope, position), NONE, ""
        return
    for index, case in enumerate(step.switch):
        yield _target(scope, case.then), case_facts(step, index) | _said(case.when, holds=True), case.when
    yield _target(scope, step.default), case_facts(step, len(step.switch)), "default"


def _next(scope: Scope, position: int) -> int | None:
    named = scope.nodes[position].step.next
    if named is not None:
        return _target(scope, named)
    return position + 1 if position + 1 < len(scope.nodes) else None


def _target(scope: Scope, name: str) -> int | None:
    return None if name == END else scope.positions.get(name)


def _forget(facts: Facts, path: Path, *, itself: bool = True) -> Facts:
    size = len(path)
    return frozenset(fact for fact in facts if fact[:size] != path or (not itself and len(fact) == size))


def _below(by_loc: Mapping[Loc, Scope], node: Node) -> Iterator[tuple[Loc, str]]:
    """Yield what the steps inside a step write."""
    for loc, _ in (*inside(node), *attached(node)):
        for below in by_loc[loc].nodes:
            yield from writes(below)
            yield from _below(by_loc, below)


def _joined(step: ParallelStep, bodies: Iterable[Facts | None]) -> set[Path]:
    """Return the state fields that are written whichever branches count."""
    ended = [body for body in bodies if body is not None]
    count, join = len(step.parallel.branches), step.parallel.join
    enough = {"all": count, "any": 1}.get(join, count) if isinstance(join, str) else min(join, count)
    fields = {fact for body in ended for fact in body if fact[0] == "state" and len(fact) == 2}
    # A field counts when so many branches write it that at least one of them is among those that count.
    return {fact for fact in fields if sum(fact in body for body in ended) > count - enough}


def empty_at_start(field_: Field_) -> bool:
    """Return whether a state field is null before its first write, without anybody having said so."""
    return field_.reducer not in ("append", "merge") and "default" not in field_.model_fields_set


def paths(workflow: Declared) -> Mapping[Loc, ScopePaths]:
    """Return the facts of every list of steps of a workflow, by its place."""
    return workflow.once("paths", lambda: _paths(workflow))


def _paths(workflow: Declared) -> Mapping[Loc, ScopePaths]:
    walk = _Walk({scope.loc: scope for scope in scopes(workflow)})
    state: Mapping[str, Field_] = workflow.spec.state
    entry: Facts = frozenset(
        ("state", name)
        for name, one in state.items()
        if not empty_at_start(one) and (one.default is not None or one.reducer in ("append", "merge"))
    )
    walk.scope(("spec", "steps"), entry)
    return walk.found
