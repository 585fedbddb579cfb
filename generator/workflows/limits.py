"""The bound of steps that a run would break before it ends."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from generator.model import Catalogue, Declared, Loc
from generator.problems import Problem
from generator.workflows.bounds import bound
from generator.workflows.witness import related, visited

STEPS = "too-many-steps"


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield the bound of steps that does not hold."""
    found, limit = bound(catalogue, workflow), workflow.spec.limits.max_steps
    if found.endless:
        names = ", ".join(node.step.id for node in found.endless)
        message = f"the steps {names} can repeat for ever"
        hint = "lead out of the cycle with `onExhausted`; a visit that `when` skips does not count for `maxVisits`"
        around = related(workflow, [(node, "") for node in found.endless])
        yield workflow.problem((*found.endless[0].loc, "id"), STEPS, message, hint, related=around)
    elif found.steps > limit:
        message = f"the longest way takes {found.steps} steps, and `maxSteps` is {limit}"
        hint = f"set `limits.maxSteps` to {found.steps} or more, or lower `maxVisits`"
        loc = written(workflow, ("spec", "limits", "maxSteps"))
        yield workflow.problem(loc, STEPS, message, hint, related=visited(workflow, found.way))


def written(workflow: Declared, loc: Loc) -> Loc:
    """Return a place, or the name of the workflow where nothing is written there."""
    value: Any = workflow.document.value
    for part in loc:
        if not isinstance(value, Mapping) or part not in value:
            return ("metadata", "name")
        value = cast("Mapping[Any, Any]", value)[part]
    return loc
