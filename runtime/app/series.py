"""Series that exist before anything has happened: an alert on a counter needs its 0."""

from collections.abc import Iterable
from importlib import metadata

from runtime.contract import WorkflowDocument
from runtime.telemetry import Telemetry
from runtime.telemetry import catalogue as metric


def announce(telemetry: Telemetry, documents: Iterable[WorkflowDocument]) -> None:
    """Export the series of what the documents declare, with 0."""
    telemetry.set(metric.BUILD, 1, version=_version())
    for document in documents:
        name = document.name
        for one in (metric.RUNS, metric.RUN_SECONDS, metric.RUNS_ACTIVE, metric.BUDGET_EXCEEDED, metric.STEP_SECONDS):
            telemetry.start(one, workflow=name)
        for one in (metric.RUNS_GIVEN_UP, metric.APPROVALS_WAITING, metric.APPROVAL_OLDEST, metric.RUN_OLDEST_SECONDS):
            telemetry.start(one, workflow=name)
        for step in document.steps:
            telemetry.start(metric.STEP_RUNS, workflow=name, step=step["id"])
            telemetry.start(metric.DECISIONS_UNMAPPED, workflow=name, step=step["id"])
        for channel in document.channels:
            telemetry.start(metric.EVENTS, channel=channel)
            telemetry.start(metric.DEAD_LETTERS, channel=channel)
        for model in document.models:
            telemetry.start(metric.MODEL_SECONDS, gen_ai_request_model=model)
            telemetry.start(metric.MODEL_TOKENS, gen_ai_request_model=model)
        for policy in document.resilience:
            telemetry.start(metric.BREAKER, target=policy)


def _version() -> str:
    try:
        return metadata.version("apm")
    except metadata.PackageNotFoundError:
        return "unknown"
