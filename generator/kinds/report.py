"""A scheduled report: questions to Prometheus, written as one document and sent to people or systems."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds.environment import Environment
from generator.kinds.runtime import Runtime
from generator.model import Kind, Resolving, Thing
from generator.rules.promql import NAMESPACE, PromQL
from runtime.contract import Duration, Many, Ref, SecretRef, Strict
from runtime.contract.reports import ReportDocument, ReportFormat, ReportQuery, ReportRecipient


class ReportSchedule(Strict):
    """When a report is sent."""

    cron: str
    """Five fields, such as `0 7 * * 1` for Monday morning."""
    time_zone: str
    """IANA time zone of the schedule."""
    deadline: Duration = "10m"
    """Time after which a report that is still being made is given up."""


class Question(Strict):
    """One table of a report."""

    title: str
    """Heading."""
    promql: Annotated[str, PromQL()]
    """Expression, evaluated when the report is made; a row for each series, the largest first. `$namespace` is the
    environment's namespace."""
    decimals: Annotated[int, Field(ge=0, le=9)] = 2
    """Digits after the point."""


class Recipient(Strict):
    """Where a report goes: exactly one of `slack` and `webhook`."""

    slack: SecretRef | None = None
    """Address of a Slack incoming webhook, as secret-name/key; gets the report as a message."""
    webhook: SecretRef | None = None
    """Address that takes the report itself by POST, as secret-name/key."""

    @model_validator(mode="after")
    def _one(self) -> "Recipient":
        if (self.slack is None) == (self.webhook is None):
            raise PydanticCustomError("one-recipient", "a recipient is exactly one of `slack` and `webhook`")
        return self

    @property
    def secret(self) -> str:
        """Secret with the address."""
        return self.slack or self.webhook or ""


class ReportSpec(Strict):
    """One scheduled report."""

    title: str
    """Heading."""
    runtime: Annotated[str, Ref("Runtime")]
    """Runtime whose image makes the report."""
    schedule: ReportSchedule
    """When it is sent."""
    queries: Annotated[Many[Question], Field(min_length=1)]
    """Tables in order."""
    format: ReportFormat = "markdown"
    """How it is written: `markdown`, `csv` or `html`."""
    recipients: Annotated[Many[Recipient], Field(min_length=1)]
    """Where it goes; each is tried, also after another did not take it."""


@dataclass(frozen=True)
class Report(Thing):
    """A report, resolved."""

    spec: ReportSpec
    runtime: Runtime
    document: ReportDocument
    """What the runtime reads."""

    def variables(self) -> dict[str, str]:
        """Return secrets by the variables that hold them."""
        return {_variable(i): one.secret for i, one in enumerate(self.spec.recipients)}


def _variable(index: int) -> str:
    return f"REPORT_ADDRESS_{index}"


def resolve(spec: ReportSpec, context: Resolving) -> Report:
    """Return the report with its document."""
    environment = context.find(Environment, context.environment)
    document = ReportDocument(
        name=context.base["source"].name,
        title=spec.title,
        prometheus=environment.spec.monitoring.prometheus_url or "",
        format=spec.format,
        queries=tuple(
            ReportQuery(title=q.title, promql=q.promql.replace(NAMESPACE, environment.namespace), decimals=q.decimals)
            for q in spec.queries
        ),
        recipients=tuple(
            ReportRecipient(name=one.secret, kind="slack" if one.slack else "webhook", address_env=_variable(i))
            for i, one in enumerate(spec.recipients)
        ),
    )
    return Report(**context.base, spec=spec, runtime=context.find(Runtime, spec.runtime), document=document)


KIND = Kind("Report", ReportSpec, Report, resolve)
