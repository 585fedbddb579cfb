"""Steps can repeat for ever.

A cycle is fine as long as something bounds it: `maxVisits` on one of its steps, or a step that waits for a person, an
event or a time (`approval`, `ask`, `listen`, `wait`). Without a bound, a model that never gives the hoped-for answer
spends the whole budget. A cycle that nothing leads out of is refused even with a bound: its runs could only fail.

Fix: put `maxVisits` on the step that decides, and say with `onExhausted` where the run goes then.

Bad:

    - {id: write, agent: writer}
    - {id: judge, agent: judge, save: {verdict: "${output.verdict}"}}
    - {id: decide, switch: [{when: "state.verdict == 'revise'", then: write}], default: end}

Good:

    - id: decide
      switch: [{when: "state.verdict == 'revise'", then: write}]
      default: end
      maxVisits: 3
      onExhausted: end
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.workflows.flow import Node, Scope, scopes
from runtime.nodes.approval import ApprovalStep
from runtime.nodes.ask import AskStep
from runtime.nodes.listen import ListenStep
from runtime.nodes.wait import WaitStep

WAITS = (ApprovalStep, AskStep, ListenStep, WaitStep)


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each cycle once, at the jump that closes it."""
    for workflow in catalogue.all("Workflow"):
        for scope in scopes(workflow):
            yield from _trapped(workflow, scope)
            yield from _unbounded(workflow, scope)


def _trapped(workflow: Declared, scope: Scope) -> Iterator[Problem]:
    for cycle in scope.cycles():
        if _no_way_out(scope, cycle):
            message = f"no way leads out of the cycle {_names(scope, cycle)}"
            hint = "lead out of it with a `switch`, or with `onExhausted` beside `maxVisits`"
            yield workflow.problem(_closing(scope, cycle), "endless-cycle", message, hint)


def _unbounded(workflow: Declared, scope: Scope) -> Iterator[Problem]:
    bounded = [position for position, node in enumerate(scope.nodes) if _bounds(node)]
    for cycle in scope.cycles(without=bounded):
        if not _no_way_out(scope, cycle):
            message = f"nothing bounds the cycle {_names(scope, cycle)}"
            hint = "put `maxVisits` on a step of it, and `onExhausted` for where to go then"
            yield workflow.problem(_closing(scope, cycle), "endless-cycle", message, hint)


def _bounds(node: Node) -> bool:
    return node.step.max_visits is not None or isinstance(node.step, WAITS)


def _no_way_out(scope: Scope, cycle: list[int]) -> bool:
    return not scope.dead and all(next_ in cycle for position in cycle for next_ in scope.after[position])


def _names(scope: Scope, cycle: list[int]) -> str:
    return ", ".join(scope.nodes[position].step.id for position in cycle)


def _closing(scope: Scope, cycle: list[int]) -> Loc:
    """Return the place of the jump that leads back, or of the step's id."""
    for position in reversed(cycle):
        for jump in scope.nodes[position].jumps:
            if scope.positions.get(jump.target, position + 1) in cycle and scope.positions[jump.target] <= position:
                return jump.loc
    return (*scope.nodes[cycle[-1]].loc, "id")


CHECK = Check("endless-cycle", run, each_environment=True)
