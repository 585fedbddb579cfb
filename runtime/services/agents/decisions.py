"""Decisions: an answer that is no label, or not sure enough, is replaced by the declared fallback, and recorded."""

from collections.abc import Mapping
from typing import Any, cast

from runtime import schemas
from runtime.contract import AgentDocument, Decision
from runtime.services.agents.task import Task
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import DECISIONS_UNMAPPED


def decided(task: Task, value: Any, telemetry: Telemetry) -> tuple[Any, bool]:
    """Return an answer with its decisions, and whether its schema holds it now."""
    if not isinstance(value, dict):
        return value, not schemas.findings(task.agent.output, value)
    answer = cast("dict[str, Any]", value)
    for field, decision in task.agent.decisions.items():
        if reason := _doubt(task.agent, field, decision, answer):
            _record(task, field, decision, answer, reason, telemetry)
            answer = {**answer, field: decision.fallback}
    return answer, not schemas.findings(task.agent.output, answer)


def _doubt(agent: AgentDocument, field: str, decision: Decision, answer: Mapping[str, Any]) -> str:
    """Return why a decision does not count; nothing where it does."""
    labels = _labels(agent, field)
    if labels and answer.get(field) not in labels:
        return "not a declared label"
    if decision.confidence is None:
        return ""
    sure = answer.get(decision.confidence)
    if isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 <= sure <= 1:
        return "it does not say how sure it is"
    return f"{sure:g} is below {decision.threshold:g}" if sure < decision.threshold else ""


def _labels(agent: AgentDocument, field: str) -> list[Any]:
    properties: Any = agent.output.get("properties")
    found: Any = properties.get(field) if isinstance(properties, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return list(cast("dict[str, Any]", found).get("enum", ())) if isinstance(found, dict) else []


def _record(
    task: Task, field: str, decision: Decision, answer: Mapping[str, Any], reason: str, telemetry: Telemetry
) -> None:
    telemetry.add(DECISIONS_UNMAPPED, workflow=task.context.document.name, step=task.context.step)
    said = {"answered": answer.get(field), "confidence": answer.get(decision.confidence or "")}
    place = {"path": task.context.path, "agent": task.agent.name, "field": field}
    task.context.watch("decision-replaced", {**place, **said, "taken": decision.fallback, "reason": reason})
