"""Whether the steps of a run are worth checkpoints."""

from collections.abc import Iterable

from runtime import steps as verbs
from runtime.contract import Step, WorkflowDocument
from runtime.functions import registered
from runtime.nodes.function import FunctionStep


def worth_saving(documents: Iterable[WorkflowDocument]) -> bool:
    """Return whether any step is worth not being repeated after a crash: then each step ends with a checkpoint."""
    return any(_saves(document) for document in documents)


_SAVES: dict[str, bool] = {}


def _saves(document: WorkflowDocument) -> bool:
    if document.digest not in _SAVES:
        _SAVES[document.digest] = any(_worth_it(step) for step in verbs.walk(verbs.parse(document.steps)))
    return _SAVES[document.digest]


def _worth_it(step: Step) -> bool:
    """Return whether a step calls, changes or waits for something outside; pure steps are computed again in no time."""
    if isinstance(step, FunctionStep) and (function := registered().get(step.function)):
        return function.effect != "read"
    node = verbs.NODES[verbs.name_of(step)]
    return node.needs.effect or node.needs.waits or node.name == "llm"
