"""The colours of a panel's values, as the alert that it shows has its thresholds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.alert_templates._template import Condition
from generator.kinds._alerting import Alert


@dataclass(frozen=True)
class Level:
    """A threshold: from it on the value has this colour."""

    value: float | None
    color: str


PLAIN = (Level(None, "green"),)
BUDGET_LEVELS = (Level(None, "red"), Level(0, "orange"), Level(0.25, "green"))
"""Of an error budget: one that is overdrawn, one of which less than a quarter is left, and one that is fine."""


def levels_of(alert: Alert) -> Sequence[Level]:
    """Colours by the thresholds of an alert, so that a value has its colour exactly while the condition holds."""
    first = alert.tiers[0]
    if not first.conditions[0].threshold:
        return PLAIN
    tiers = [(tier.conditions[0], _color(tier.severity)) for tier in alert.tiers]
    return list(_colored(tiers))


def _colored(tiers: Sequence[tuple[Condition, str]]) -> Iterator[Level]:
    """Yield steps from low to high.

    Grafana colours a value from a step on, the step itself included. An alert with `>` does not fire at its threshold:
    its step is the next number that a computer can tell apart (for 0 the smallest above it, 5e-324), and what counts
    whole things has its colour from the next whole number on all the same.
    """
    op, at = tiers[0][0].op, [float(condition.threshold) for condition, _ in tiers]
    colors = [color for _, color in tiers]
    after = [math.nextafter(value, math.inf) for value in at]
    match op:
        case "<" | "<=":
            yield Level(None, colors[0])
            yield Level((at if op == "<" else after)[0], "green")
        case "==":
            yield from (Level(None, "green"), Level(at[0], colors[0]), Level(after[0], "green"))
        case _:
            yield Level(None, "green")
            yield from map(Level, at if op == ">=" else after, colors)


def _color(severity: str) -> str:
    return {"critical": "red", "warning": "orange"}.get(severity, "blue")
