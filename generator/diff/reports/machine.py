"""A diff as JSON and as SARIF."""

import inspect
import json
from collections.abc import Collection, Mapping
from typing import Any

from generator import conventions
from generator.diff.documents import line_of
from generator.diff.model import ABSENT, Change, Diff, Field, Mark, Risk
from generator.problems import Place, Problem
from generator.rules import secrecy


def as_json(diff: Diff) -> str:
    """Return the stable JSON form; a side that is not there is left out."""
    value = {
        "base": diff.base,
        "risks": diff.risks(),
        "changes": [_change(change) for change in diff.changes],
    }
    return secrecy.mask(json.dumps(value, indent=2, ensure_ascii=False))


def _change(change: Change) -> dict[str, Any]:
    item = change.object
    return {
        "change": change.verb,
        "environment": item.environment,
        "owner": {"kind": item.owner.kind, "name": item.owner.name, "file": item.owner.file},
        "file": f"{conventions.RENDERED}/{item.file}",
        "kind": item.kind,
        "namespace": item.namespace,
        "name": item.name,
        **({"formerName": change.old.name} if change.old and change.old.name != item.name else {}),
        "follows": change.follows,
        "fields": [_field(field) for field in change.fields],
        "marks": [{"risk": mark.risk, "message": mark.message, "path": mark.path} for mark in change.marks],
    }


def _field(field: Field) -> dict[str, Any]:
    sides = {"old": field.old, "new": field.new}
    return {"path": field.path, **{name: value for name, value in sides.items() if value is not ABSENT}}


def as_sarif(diff: Diff, risks: Mapping[str, Risk], version: str) -> str:
    """Return the marks as SARIF 2.1.0, each at its rendered line; what is deleted is reported at its spec."""
    rules = [_rule(risk) for name, risk in risks.items() if name in diff.risks()]
    driver = {"name": "apm diff", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(change, mark) for change, mark in diff.marks()]}
    return json.dumps(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, indent=2
    )


def _rule(risk: Risk) -> dict[str, Any]:
    page = (inspect.getmodule(risk.run).__doc__ or "").strip()
    return {"id": risk.name, "shortDescription": {"text": page.splitlines()[0]}, "help": {"text": page}}


def as_problems(diff: Diff, refused: Collection[str]) -> tuple[Problem, ...]:
    """Return the marks as findings, those of refused risks as errors."""
    return tuple(
        Problem(_where(change, mark), mark.risk, f"{mark.message} ({change.object.environment})",
                f"`apm explain {mark.risk}`", mark.path, "error" if mark.risk in refused else "warning")
        for change, mark in diff.marks()
    )  # fmt: skip


def _where(change: Change, mark: Mark) -> Place:
    """Return the rendered line that a mark is about; the spec, where there is none any more."""
    item = change.object
    if change.new is None:
        return Place(item.owner.file or f"{conventions.RENDERED}/{item.file}")
    return Place(f"{conventions.RENDERED}/{item.file}", line_of(change.new, mark.path))


def _result(change: Change, mark: Mark) -> dict[str, Any]:
    text = secrecy.mask(f"{mark.message} ({change.object.environment})")
    where = _where(change, mark)
    place = {"physicalLocation": {"artifactLocation": {"uri": where.file}, "region": {"startLine": where.line}}}
    return {"ruleId": mark.risk, "level": "warning", "message": {"text": text}, "locations": [place]}
