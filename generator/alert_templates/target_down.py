"""No pod of a runtime answers the scrape: all are down, or there is none.

`up == 0` alone is silent when the target does not exist; here a missing target counts as 0.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import Field

from generator.alert_templates._template import AlertTemplate, Case, Condition, Proof
from generator.kinds.runtime import Runtime
from runtime.contract import Many, Ref, Strict

Component = Literal["api", "worker", "scheduler"]


class TargetDown(Strict):
    """Fires for each component of a runtime of which too few pods answer."""

    runtime: Annotated[str, Ref("Runtime")]
    """Runtime that is watched."""
    components: Annotated[Many[Component], Field(min_length=1)] = ("api", "worker", "scheduler")
    """Components that are watched, each by a rule of its own."""
    at_least: Annotated[int, Field(ge=1)] = 1
    """Pods that have to answer."""


def _up(params: TargetDown, component: str) -> str:
    return f'up{{job="{params.runtime}",namespace="$namespace",component="{component}"}}'


def conditions(params: TargetDown, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return a rule for each component."""
    for name in params.components:
        value = f"(sum({_up(params, name)}) or vector(0))"
        yield Condition(value, str(params.at_least), "", "<", labels={"component": name})


def describe(params: TargetDown) -> str:
    """Return how many answer."""
    pods = f"pods of {params.runtime} {{{{ $labels.component }}}}"
    return f"{{{{ $value }}}} {pods} answer; at least {params.at_least} should."


def cases(params: TargetDown, proof: Proof) -> Iterable[Case]:
    """Prove it for each component: none answers, none exists, enough answer."""
    at = proof.pending + 3
    for name in params.components:
        pods = [_up(params, name).replace("}", f',pod="{name}-{i}"}}') for i in range(params.at_least + 1)]
        labels = {"component": name}
        yield Case(f"{name}: all down", tuple((p, f"0x{at}") for p in pods), at, fires=True, labels=labels)
        yield Case(f"{name}: no target at all", (), at, fires=True, labels=labels)
        yield Case(f"{name}: goes away", tuple((p, "1x2") for p in pods), at + 6, fires=True, labels=labels)
        enough = ((pods[0], f"0x{at}"), *((p, f"1x{at}") for p in pods[1:]))
        yield Case(f"{name}: enough answer", enough, at, fires=False, labels=labels)


TEMPLATE = AlertTemplate("targetDown", TargetDown, conditions, describe, cases, lambda _: ("component",))
