"""Something goes on without a person, or without a check, that did not before.

Marked: an approval step that is gone, has a default answer when nobody decides, or may be decided by others; a
quality gate or guardrail of an agent that is gone or blocks no longer; an answer that is no longer held to a schema.
Not marked: a new approval, another text, more time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import at, data_path, document, mapping, steps, texts

_NAME = "approval-removed"
_WORKFLOW = "apm.workflow/v1"


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each decision or check that is gone or weaker."""
    old, new = document(change.old, _WORKFLOW), document(change.new, _WORKFLOW)
    if not old or not new:
        return
    base, after = data_path(change.object, _WORKFLOW), dict(steps(new))
    for name, step in steps(old):
        if at(step, "approval") is not None:
            yield from _approval(name, mapping(step, "approval"), after.get(name), f"{base}.steps[{name}]")
    for name, agent in mapping(old, "agents").items():
        if name in mapping(new, "agents"):
            yield from _agent(name, agent, mapping(new, "agents", name), f"{base}.agents.{name}")


def _approval(name: str, old: Mapping[str, Any], step: Mapping[str, Any] | None, path: str) -> Iterator[Mark]:
    if step is None or "approval" not in step:
        yield Mark(_NAME, f"approval {name} is gone")
        return
    new = mapping(step, "approval")
    if new.get("onTimeout") and new.get("onTimeout") != old.get("onTimeout"):
        yield Mark(
            _NAME, f'approval {name} counts as "{new["onTimeout"]}" when nobody decides', f"{path}.approval.onTimeout"
        )
    before, after = set(texts(old, "assignees")), set(texts(new, "assignees"))
    if before and (not after or after - before):
        others = ", ".join(sorted(after - before)) or "everybody with access to the run"
        yield Mark(_NAME, f"approval {name} may be decided by {others}", f"{path}.approval.assignees")


def _agent(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    for gate in mapping(old, "gates"):
        if gate not in mapping(new, "gates"):
            yield Mark(_NAME, f"agent {name} no longer has the quality gate {gate}", f"{path}.gates")
    for rail, was in mapping(old, "guardrails").items():
        now = mapping(new, "guardrails", rail)
        if not now:
            yield Mark(_NAME, f"agent {name} no longer has the guardrail {rail}", f"{path}.guardrails")
        elif at(was, "onFail") not in (None, "block") or at(now, "onFail") in (None, "block", "approve"):
            continue
        else:
            found = f"the guardrail {rail} of agent {name} blocks no longer"
            yield Mark(_NAME, found, f"{path}.guardrails.{rail}.onFail")
    if mapping(old, "output") and not mapping(new, "output"):
        yield Mark(_NAME, f"the answers of agent {name} are no longer held to a schema", f"{path}.output")


RISK = Risk(_NAME, run)
