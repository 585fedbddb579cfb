"""A group of alerts: each a template with parameters or a PromQL expression, with all that whoever is called needs.

Templates are in `generator.alert_templates`, one file each.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field, ValidationError, create_model, model_validator
from pydantic_core import PydanticCustomError

from generator import alert_templates
from generator.alert_templates._template import AlertTemplate, Case, Condition, Proof, minutes, number
from generator.kinds._alerting import Alert, AlertGroup, Severity, Tier, Told, of_severity, placed
from generator.kinds.runtime import Runtime
from generator.model import Kind, Resolving
from generator.rules.promql import Family, PromQL, comparison
from runtime.contract import Duration, FileRef, Many, Ref, Strict
from runtime.registry import discover

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

    def told(self, _: str) -> Iterator[Told]:
        """Yield every alert, once for each of its severities."""
        for name, alert in self.alerts.items():
            yield name, alert.severity, ("spec", "alerts", name, "severity")
            if alert.critical:
                yield name, "critical", ("spec", "alerts", name, "critical")


@dataclass(frozen=True)
class Alerts(AlertGroup):
    """A group of alerts, resolved."""


def resolve(spec: AlertsSpec, context: Resolving) -> Alerts:
    """Return the group."""
    alerts = tuple(_alert(name, alert, context) for name, alert in spec.alerts.items())
    return Alerts(**context.base, alerts=alerts, dashboard=spec.dashboard)


def _alert(name: str, spec: AlertSpec, context: Resolving) -> Alert:
    return Alert(
        name=name,
        owner=context.base["owner"],
        summary=spec.summary,
        runbook=context.text(spec.runbook),
        tiers=tuple(_tier(spec, level, context) for level in _levels(spec)),
        prove=lambda families, find: _cases(spec, families, find),
        template=spec.template[0].name if spec.template else "",
    )


@dataclass(frozen=True)
class _Level:
    """A severity of an alert, with what holds at it."""

    severity: Severity
    pending: str
    parameters: Strict | None


def _levels(spec: AlertSpec) -> Iterator[_Level]:
    parameters = spec.template[1] if spec.template else None
    yield _Level(spec.severity, spec.for_, parameters)
    if spec.critical and parameters is not None:
        yield _Level("critical", spec.critical.for_ or spec.for_, raised(parameters, spec.critical.above))


def _tier(spec: AlertSpec, level: _Level, context: Resolving) -> Tier:
    described = spec.template[0].describe(level.parameters) if spec.template else spec.summary
    found: Iterable[Condition]
    if spec.template:
        found = spec.template[0].conditions(level.parameters, lambda name: context.find(Runtime, name))
    else:
        found = [_free(cast("str", spec.promql))]
    conditions = tuple(placed(condition, context) for condition in found)
    return Tier(level.severity, level.pending, spec.description or described, conditions)


def _free(text: str) -> Condition:
    compared = comparison(text)
    if compared is None:
        return Condition(text, "", "", "", raw=text)
    value, op, threshold = compared
    return Condition(value, number(threshold), "", op, raw=text)


def _cases(
    spec: AlertSpec, families: Mapping[str, Family], find: Callable[[str], Runtime]
) -> Iterator[tuple[Severity, Case]]:
    """Yield what proves an alert, for each severity: the template's cases, or those that people wrote."""
    for level in _levels(spec):
        if spec.template:
            proof = Proof(families, minutes(level.pending), find)
            yield from of_severity(level.severity, spec.template[0].cases(level.parameters, proof))
    for test in spec.tests:
        yield spec.severity, Case(test.name, tuple(test.series.items()), minutes(test.at), test.fires)


KIND = Kind("Alerts", AlertsSpec, Alerts, resolve)
