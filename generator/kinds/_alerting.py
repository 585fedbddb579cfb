"""What all kinds that alert resolve to: alerts with their rules, what is recorded for them, and what proves them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from generator.alert_templates._template import Case, Condition
from generator.kinds.environment import Environment
from generator.kinds.runtime import Runtime
from generator.model import Loc, Resolving, Thing
from generator.rules.promql import NAMESPACE, Family

Severity = Literal["critical", "warning", "info"]

Prove: TypeAlias = Callable[[Mapping[str, Family], Callable[[str], Runtime]], Iterable[tuple[Severity, Case]]]
"""Metrics by name and what finds a Runtime -> cases, each with the severity of the rules that it is about."""
Told: TypeAlias = tuple[str, Severity, Loc]
"""An alert that a spec declares: its name, one of its severities, and the place in the spec that says so."""


@dataclass(frozen=True)
class Tier:
    """An alert at one severity."""

    severity: Severity
    pending: str
    """How long the condition has to last."""
    description: str
    """Sentence with the value, in Prometheus' template language."""
    conditions: tuple[Condition, ...]
    """Rules, with the environment's namespace in place."""


@dataclass(frozen=True)
class Alert:
    """An alert, resolved."""

    name: str
    owner: str
    summary: str
    runbook: str
    """Text of the runbook."""
    tiers: tuple[Tier, ...]
    prove: Prove = field(repr=False, compare=False)
    """What proves it; `$namespace` stands for the environment's namespace."""
    template: str = ""
    """Name of the template that it was made with, if it was."""

    @property
    def severities(self) -> tuple[Severity, ...]:
        """Severities that it can have, each once."""
        return tuple(dict.fromkeys(tier.severity for tier in self.tiers))


@dataclass(frozen=True)
class Record:
    """A recording rule: a series that alerts and panels read."""

    name: str
    expr: str
    """Expression, with the environment's namespace in place."""
    labels: Mapping[str, str]


@dataclass(frozen=True)
class AlertGroup(Thing):
    """Alerts that one spec declares."""

    alerts: tuple[Alert, ...]
    dashboard: str | None
    """Dashboard that messages link to; None is the first one with a panel for the alert."""
    records: tuple[Record, ...] = field(default=(), kw_only=True)
    """What is recorded for the alerts, evaluated before them and in this order."""


def here(text: str, context: Resolving) -> str:
    """Put the namespace of the environment that is resolved for `$namespace`."""
    return text.replace(NAMESPACE, context.find(Environment, context.environment).namespace)


def placed(condition: Condition, context: Resolving) -> Condition:
    """Return a condition with the environment's namespace in place."""
    put = {name: here(getattr(condition, name), context) for name in ("value", "guard", "raw")}
    return replace(condition, **put)


def recorded(name: str, expr: str, context: Resolving, labels: Mapping[str, str]) -> Record:
    """Return a recording rule whose series has the environment's namespace as a label."""
    return Record(name, here(expr, context), {**labels, "namespace": here(NAMESPACE, context)})


def pascal(name: str) -> str:
    """Return a spec's name as alerts are written: `run-success` as `RunSuccess`."""
    return "".join(part.capitalize() for part in name.split("-"))


def of_severity(severity: Severity, cases: Iterable[Case]) -> Iterator[tuple[Severity, Case]]:
    """Yield cases with the severity of their rules."""
    return ((severity, case) for case in cases)
