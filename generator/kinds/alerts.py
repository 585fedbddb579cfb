"""A group of alerts: each a template with parameters or a PromQL expression, with all that whoever is called needs.

Templates are in `generator.alert_templates`, one file each.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field, ValidationError, create_model, model_validator
from pydantic_core import PydanticCustomError

from generator import alert_templates
from generator.alert_templates._template import AlertTemplate, Case, Condition, Proof, minutes, number
from generator.kinds.environment import Environment
from generator.kinds.runtime import Runtime
from generator.model import Kind, Resolving, Thing
from generator.rules.promql import NAMESPACE, Family, PromQL, comparison
from runtime.contract import Duration, FileRef, Many, Ref, Strict
from runtime.registry import discover

Severity = Literal["critical", "warning", "info"]

TEMPLATES: Mapping[str, AlertTemplate] = discover(alert_templates, "TEMPLATE", AlertTemplate)


def _alert_name(text: str) -> str:
    if not re.fullmatch("[A-Z][A-Za-z0-9]{0,62}", text):
        raise PydanticCustomError(
            "alert-name", "an alert's name is written like `QueueBacklog`: letters and digits, a capital first"
        )
    return text


class AlertTest(Strict):
    """One situation in which an alert has to fire or be silent."""

    name: str
    """The situation in a few words."""
    series: dict[str, str] = Field(default_factory=dict[str, str])
    """Series and their values in promtool's notation, one value a minute: `up{job="a"}: "1x5 0x20"`."""
    at: Duration
    """When to look, after the first value."""
    fires: bool
    """Whether the alert has to be firing then."""


class Critical(Strict):
    """When the same alert becomes critical."""

    above: float | str
    """The second threshold, in the template's own form."""
    for_: Annotated[Duration | None, Field(alias="for")] = None
    """How long it has to last; default: as long as the first one."""


class AlertBase(Strict):
    """What every alert says, whatever its condition is."""

    severity: Severity
    """How urgent it is: `critical` wakes people, `warning` is for working hours, `info` is only shown."""
    for_: Annotated[Duration, Field(alias="for")] = "5m"
    """How long the condition has to last."""
    summary: str
    """One sentence; `{{ $labels.workflow }}` stands for a label of what was found."""
    description: str = ""
    """More about it; default: the template's sentence with the value."""
    runbook: Annotated[str, FileRef("text")]
    """Markdown file beside the spec that says what to do; `$namespace` is the environment's namespace there too."""
    promql: Annotated[str | None, PromQL()] = None
    """Expression of an alert without a template; `$namespace` is the environment's namespace. Needs `tests`."""
    tests: Many[AlertTest] = ()
    """Situations that prove a `promql` alert: at least one in which it fires and one in which it is silent."""
    critical: Critical | None = None
    """A second, higher threshold beyond which the same alert is critical; it then silences the first."""


def _snake(name: str) -> str:
    return re.sub("(?=[A-Z])", "_", name).lower()


_FIELDS: dict[str, Any] = {
    _snake(name): (
        template.parameters | None,
        Field(default=None, description=(template.parameters.__doc__ or "").strip()),
    )
    for name, template in TEMPLATES.items()
}
_WithTemplates: Any = create_model("_WithTemplates", __base__=AlertBase, __module__=__name__, **_FIELDS)


class AlertSpec(_WithTemplates):
    """One alert: a severity, a condition (one template or `promql`), and what people need to act."""

    @model_validator(mode="after")
    def _one_condition(self) -> "AlertSpec":
        found = [name for name in ("promql", *TEMPLATES) if getattr(self, _snake(name)) is not None]
        if not found:
            known = ", ".join(("promql", *TEMPLATES))
            raise PydanticCustomError("no-condition", "an alert needs one of {known}", {"known": known})
        if len(found) > 1:
            both = "` and `".join(found)
            raise PydanticCustomError(
                "two-conditions", "an alert has one condition, this one has `{both}`", {"both": both}
            )
        return self

    @model_validator(mode="after")
    def _second_threshold(self) -> "AlertSpec":
        if self.critical is None:
            return self
        first = self.template
        if self.severity == "critical" or first is None or "above" not in type(first[1]).model_fields:
            raise PydanticCustomError(
                "second-threshold", "`critical` needs a severity below it and a template with `above`"
            )
        try:
            raised(first[1], self.critical.above)
        except ValidationError as error:
            raise PydanticCustomError(
                "second-threshold", "`critical.above`: {why}", {"why": error.errors()[0]["msg"]}
            ) from None
        return self

    @property
    def template(self) -> tuple[AlertTemplate, Strict] | None:
        """Template and parameters; None with `promql`."""
        found = ((t, getattr(self, _snake(name))) for name, t in TEMPLATES.items())
        return next(((t, parameters) for t, parameters in found if parameters is not None), None)


def raised(parameters: Strict, above: float | str) -> Strict:
    """Return a template's parameters with another threshold."""
    return type(parameters).model_validate({**parameters.model_dump(), "above": above})


class AlertsSpec(Strict):
    """Alerts that one team answers for."""

    dashboard: Annotated[str | None, Ref("Dashboard")] = None
    """Dashboard that messages link to; default: the first one with a panel for the alert."""
    alerts: Annotated[dict[Annotated[str, AfterValidator(_alert_name)], AlertSpec], Field(min_length=1)]
    """Alerts by name; a name is used once in the whole repository."""


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
    parameters: Strict | None = field(repr=False)


@dataclass(frozen=True)
class Alert:
    """An alert, resolved."""

    name: str
    owner: str
    summary: str
    runbook: str
    """Text of the runbook."""
    tiers: tuple[Tier, ...]
    template: AlertTemplate | None
    tests: tuple[AlertTest, ...]

    @property
    def severities(self) -> tuple[Severity, ...]:
        """Severities that it can have."""
        return tuple(tier.severity for tier in self.tiers)

    def cases(self, families: Mapping[str, Family], find: Callable[[str], Runtime]) -> Iterator[tuple[str, Case]]:
        """Yield what proves the alert, for each severity; `$namespace` stands for the environment's namespace."""
        for tier in self.tiers:
            if self.template:
                proof = Proof(families, minutes(tier.pending), find)
                yield from ((tier.severity, case) for case in self.template.cases(tier.parameters, proof))
        for test in self.tests:
            series = tuple(test.series.items())
            yield (self.tiers[0].severity, Case(test.name, series, minutes(test.at), test.fires))


@dataclass(frozen=True)
class Alerts(Thing):
    """A group of alerts, resolved."""

    alerts: tuple[Alert, ...]
    dashboard: str | None


def resolve(spec: AlertsSpec, context: Resolving) -> Alerts:
    """Return the group."""
    alerts = tuple(_alert(name, alert, context) for name, alert in spec.alerts.items())
    return Alerts(**context.base, alerts=alerts, dashboard=spec.dashboard)


def _alert(name: str, spec: AlertSpec, context: Resolving) -> Alert:
    template = spec.template
    return Alert(
        name=name,
        owner=context.base["owner"],
        summary=spec.summary,
        runbook=context.text(spec.runbook),
        tiers=tuple(_tiers(spec, context)),
        template=template[0] if template else None,
        tests=spec.tests,
    )


def _tiers(spec: AlertSpec, context: Resolving) -> Iterator[Tier]:
    found = spec.template
    parameters = found[1] if found else None
    yield _tier(spec, spec.severity, spec.for_, parameters, context)
    if spec.critical and parameters is not None:
        higher = raised(parameters, spec.critical.above)
        yield _tier(spec, "critical", spec.critical.for_ or spec.for_, higher, context)


def _tier(spec: AlertSpec, severity: Severity, pending: str, parameters: Strict | None, context: Resolving) -> Tier:
    described = spec.template[0].describe(parameters) if spec.template else spec.summary
    return Tier(severity, pending, spec.description or described, _conditions(spec, parameters, context), parameters)


def _conditions(spec: AlertSpec, parameters: Strict | None, context: Resolving) -> tuple[Condition, ...]:
    namespace = context.find(Environment, context.environment).namespace
    found: Iterable[Condition]
    if spec.template:
        found = spec.template[0].conditions(parameters, lambda name: context.find(Runtime, name))
    else:
        found = [_free(cast("str", spec.promql))]
    return tuple(_placed(condition, namespace) for condition in found)


def _free(text: str) -> Condition:
    compared = comparison(text)
    if compared is None:
        return Condition(text, "", "", "", raw=text)
    value, op, threshold = compared
    return Condition(value, number(threshold), "", op, raw=text)


def _placed(condition: Condition, namespace: str) -> Condition:
    def put(text: str) -> str:
        return text.replace(NAMESPACE, namespace)

    return replace(condition, value=put(condition.value), guard=put(condition.guard), raw=put(condition.raw))


KIND = Kind("Alerts", AlertsSpec, Alerts, resolve)
