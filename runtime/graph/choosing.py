"""The way that a `switch` takes."""

import re

from runtime import expressions
from runtime.contract import Context
from runtime.graph.nesting import Result
from runtime.nodes.switch import SwitchStep

_LABEL = re.compile(r"""\s*([\w.\[\]'"`-]+)\s*==\s*(['"]).*\2\s*""")


def switch(step: SwitchStep, context: Context) -> Result:
    """Return the first case that holds, or the default; one that no label names is told."""
    for number, case in enumerate(step.switch):
        if expressions.condition(case.when, context.scope):
            return Result(case.then, goto=case.then, way=f"switch[{number}]")
    found = {"path": context.path, "step": step.id, "workflow": context.document.name}
    context.watch("default-taken", {**found, "labels": _by_label(step)})
    return Result(step.default, goto=step.default, way="default")


def _by_label(step: SwitchStep) -> bool:
    """Return whether the cases are labels of one value: then the default means a label that nobody has declared."""
    matches = [_LABEL.fullmatch(case.when) for case in step.switch]
    return len(matches) > 1 and all(matches) and len({match[1] for match in matches if match}) == 1
