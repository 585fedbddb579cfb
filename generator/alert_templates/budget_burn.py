"""Little is left of an objective's error budget: the one alert that looks at what is left and not at how fast it goes.

How fast it burns is watched by the alerts that each Objective brings along.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from generator.alert_templates._template import AlertTemplate, Case, Condition, Percent, Proof, fraction
from generator.kinds.runtime import Runtime
from generator.rules.promql import NAMESPACE, Matcher, Read
from runtime.contract import Ref, Strict

REMAINING = "objective:budget:remaining"
"""Recorded for each objective: the share of its budget that is left, 1 for all of it; below 0 it is missed."""


class BudgetBurn(Strict):
    """Fires while less than a share of an objective's error budget is left; where it has several, of any of them."""

    objective: Annotated[str, Ref("Objective")]
    """Objective whose budget is meant."""
    below: Percent = "10%"
    """Share of the budget; below 0 the objective is missed."""


def _left(params: BudgetBurn) -> str:
    named = (Matcher("objective", "=", params.objective), Matcher("namespace", "=", NAMESPACE))
    return Read(REMAINING, named).text()


def conditions(params: BudgetBurn, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    yield Condition(f"min({_left(params)})", fraction(params.below), "ratio", "<")


def describe(params: BudgetBurn) -> str:
    """Return what is left."""
    return (
        f"{{{{ $value | humanizePercentage }}}} of the budget of {params.objective} is left; {params.below} is little."
    )


def cases(params: BudgetBurn, proof: Proof) -> Iterable[Case]:
    """Prove it below and above the limit, overdrawn, whole and without data."""
    at, limit = proof.pending + 3, float(fraction(params.below))
    for name, left, fires in (
        ("just below", limit * 0.9, True),
        ("just above", limit + (1 - limit) / 20, False),
        ("overdrawn", -0.5, True),
        ("whole", 1.0, False),
    ):
        yield Case(name, ((_left(params), f"{left:.6f}x{at}"),), at, fires=fires)
    one, other = (_left(params).replace("}", f',workflow="{name}"}}') for name in ("a", "b"))
    yield Case("one of two is used up", ((one, f"1x{at}"), (other, f"-1x{at}")), at, fires=True)
    yield Case("no data", (), at, fires=False)


TEMPLATE = AlertTemplate("budgetBurn", BudgetBurn, conditions, describe, cases)
