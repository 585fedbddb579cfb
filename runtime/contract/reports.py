"""What a scheduled report is, as the generator writes it and the runtime reads it."""

from typing import Annotated, Literal

from pydantic import Field

from runtime.contract.values import Many, Name, Strict

ReportFormat = Literal["markdown", "csv", "html"]


class ReportQuery(Strict):
    """One table of a report."""

    title: str
    """Heading."""
    promql: str
    """Expression, evaluated at the time of the report."""
    decimals: Annotated[int, Field(ge=0, le=9)] = 2
    """Digits after the point."""


class ReportRecipient(Strict):
    """Where a report goes; the address is a secret and comes in a variable."""

    name: str
    """Name for messages of errors."""
    kind: Literal["slack", "webhook"]
    """`slack` gets a message, `webhook` the report as it is."""
    address_env: str
    """Variable with the address."""


class ReportDocument(Strict):
    """One report."""

    name: Name
    """Name of the spec."""
    title: str
    """Heading."""
    prometheus: str
    """Address of Prometheus."""
    format: ReportFormat = "markdown"
    """How it is written."""
    queries: Many[ReportQuery]
    """Tables in order."""
    recipients: Many[ReportRecipient]
    """Where it goes."""
