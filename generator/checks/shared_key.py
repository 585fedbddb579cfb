"""Different pieces of work share one key, so that one of them gets the other's result, or is not done at all.

By an `idempotencyKey` a target knows a call again, and by the key of `cache` a run finds what another one has left. A
key that is the same in all runs, or for all items of a `forEach`, says that their work is the same. So a target would
book the first order and none after it, and every run would be given what the first one was told.

Fix: name in the key what the work is about: a field of `input`, `item`, or at least `run.id`.

Bad: `{id: book, tool: post, with: {order: "${input.order}"}, idempotencyKey: order}`

Good: `idempotencyKey: "order-${input.order}"`
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.workflows.flow import Node, nodes
from generator.workflows.reads import Read, reads
from runtime.nodes.for_each import ForEachStep

_SAME = frozenset(["input", "run", "error"])
"""Roots that are the same for all items of a list."""
_LATER = ("save", "when", "onError", "compensate", "idempotencyKey", "cache")
"""Fields of a step that are no part of what it asks for."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each key where it stands."""
    for workflow in catalogue.all("Workflow"):
        every = list(nodes(workflow))
        loops = [node.loc for node in every if isinstance(node.step, ForEachStep)]
        for node in every:
            if node.step.idempotency_key is not None or node.step.cache:
                in_items = any(_below(node.loc, loop) for loop in loops)
                yield from _shared(workflow, node, reads(workflow, catalogue), in_items=in_items)


def _shared(workflow: Declared, node: Node, found: Iterable[Read], *, in_items: bool) -> Iterator[Problem]:
    step, size = node.step, len(node.loc)
    own = [read for read in found if _below(read.expression.loc, node.loc)]
    asked = {read.path[0] for read in own if read.expression.loc[size] not in _LATER}
    if step.idempotency_key is not None:  # what is done once is done once for all runs
        yield from _key(workflow, (*node.loc, "idempotencyKey"), own, asked | {"run"}, in_items=in_items)
    if step.cache:
        yield from _key(workflow, (*node.loc, "cache", "key"), own, asked, in_items=in_items)


def _key(
    workflow: Declared, loc: Loc, own: Iterable[Read], asked: AbstractSet[str], *, in_items: bool
) -> Iterator[Problem]:
    named = {read.path[0] for read in own if read.expression.loc == loc}
    if not named and asked:
        yield _problem(workflow, loc, "all runs", "name what the work is about, such as a field of `input`")
    elif in_items and named <= _SAME and "item" in asked:
        yield _problem(workflow, loc, "all items of the list", "name the `item`, or a field of it")


def _problem(workflow: Declared, loc: Loc, who: str, hint: str) -> Problem:
    return workflow.problem(loc, "shared-key", f"this key is the same for {who}, so they share one result", hint)


def _below(loc: Loc, above: Loc) -> bool:
    return loc[: len(above)] == above


CHECK = Check("shared-key", run, each_environment=True)
