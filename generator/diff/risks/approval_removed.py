"""Something goes on without a person, or without a check, that did not before.

Marked: an approval step that is gone, is asked for under another condition, has a default answer when nobody decides,
needs fewer people, or may be decided by others or with a changed payload; a question that others may answer; a
quality gate or guardrail of an agent that is gone, reads otherwise, looks at less or blocks no longer; a decision that
counts with less confidence; an answer that is held to less.
Not marked: a new approval, another text, more time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import WORKFLOW, at, documents, mapping, steps, texts
from generator.diff.risks.state_schema_breaking import widened
from runtime.contract import Decision

_NAME = "approval-removed"


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each decision or check that is gone or weaker."""
    old, new, base = documents(change, WORKFLOW)
    if not old or not new:
        return
    after = dict(steps(new))
    for name, step in steps(old):
        if at(step, "approval") is not None:
            yield from _approval(name, step, after.get(name), f"{base}.steps[{name}]")
        elif at(step, "ask") is not None and "ask" in after.get(name, {}):
            who, asked = f"question {name} may be answered by", mapping(after[name], "ask")
            yield from _people(who, mapping(step, "ask"), asked, f"{base}.steps[{name}].ask")
    for name, agent in mapping(old, "agents").items():
        if name in mapping(new, "agents"):
            yield from _agent(name, agent, mapping(new, "agents", name), f"{base}.agents.{name}")


def _approval(name: str, was: Mapping[str, Any], step: Mapping[str, Any] | None, path: str) -> Iterator[Mark]:
    if step is None or "approval" not in step:
        yield Mark(_NAME, f"approval {name} is gone")
        return
    old, new = mapping(was, "approval"), mapping(step, "approval")
    if step.get("when") and step.get("when") != was.get("when"):
        yield Mark(_NAME, f"approval {name} is asked for under another condition: read it", f"{path}.when")
    if new.get("onTimeout") and new.get("onTimeout") != old.get("onTimeout"):
        yield Mark(
            _NAME, f'approval {name} counts as "{new["onTimeout"]}" when nobody decides', f"{path}.approval.onTimeout"
        )
    if new.get("required", 1) < old.get("required", 1):
        votes = "1 vote" if new.get("required", 1) == 1 else f"{new['required']} votes"
        yield Mark(_NAME, f"approval {name} needs {votes}, was {old['required']}", f"{path}.approval.required")
    if "edit" in new and new["edit"] != old.get("edit"):
        yield Mark(_NAME, f"the payload of approval {name} may be changed", f"{path}.approval.edit")
    yield from _people(f"approval {name} may be decided by", old, new, f"{path}.approval")


def _people(what: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    before, after = set(texts(old, "assignees")), set(texts(new, "assignees"))
    if before and (not after or after - before):
        others = ", ".join(sorted(after - before)) or "everybody with access to the run"
        yield Mark(_NAME, f"{what} {others}", f"{path}.assignees")


def _agent(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    for gate, was in mapping(old, "gates").items():
        now = mapping(new, "gates").get(gate)
        if now is None:
            yield Mark(_NAME, f"agent {name} no longer has the quality gate {gate}", f"{path}.gates")
        elif now != was:
            yield Mark(_NAME, f"the quality gate {gate} of agent {name} reads otherwise: read it", f"{path}.gates")
    for rail, was in mapping(old, "guardrails").items():
        found = _guardrail(was, mapping(new, "guardrails", rail))
        yield from (Mark(_NAME, f"the guardrail {rail} of agent {name} {text}", f"{path}.guardrails") for text in found)
    yield from _decisions(name, mapping(old, "decisions"), mapping(new, "decisions"), f"{path}.decisions")
    if mapping(old, "output") and not mapping(new, "output"):
        yield Mark(_NAME, f"the answers of agent {name} are no longer held to a schema", f"{path}.output")
        return
    for where in widened(mapping(old, "output"), mapping(new, "output"), "output"):
        yield Mark(_NAME, f"the answers of agent {name} are held to less at {where}", f"{path}.output")


def _guardrail(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if not new:
        yield "is gone"
        return
    if at(old, "onFail") in (None, "block") and at(new, "onFail") not in (None, "block", "approve"):
        yield "blocks no longer"
    for key, what in (("at", "points"), ("pii", "kinds of personal data")):
        lost = [one for one in texts(old, key) if key in new and one not in texts(new, key)]
        if lost:
            yield f"looks at fewer {what}: not {', '.join(lost)}"
    if texts(new, "tools") and set(texts(old, "tools") or ["*"]) - set(texts(new, "tools")):
        yield f"looks at the tools {', '.join(texts(new, 'tools'))} only"
    if any(old.get(rule) != new.get(rule) for rule in ("schema", "regex", "cel", "llm")):
        yield "has another rule: read it"


def _decisions(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    for field, was in old.items():
        now = mapping(new, field)
        if not now or (was.get("confidence") and not now.get("confidence")):
            yield Mark(_NAME, f"decision {field} of agent {name} counts however sure it is", path)
        elif _threshold(now) < _threshold(was):
            found = f"decision {field} of agent {name} counts from {_threshold(now)}, was {_threshold(was)}"
            yield Mark(_NAME, found, f"{path}.{field}.threshold")
        if now and now.get("fallback") != was.get("fallback"):
            found = f'decision {field} of agent {name} is "{now.get("fallback")}" when in doubt'
            yield Mark(_NAME, f'{found}, was "{was.get("fallback")}"', f"{path}.{field}.fallback")


def _threshold(decision: Mapping[str, Any]) -> float:
    return float(decision.get("threshold", Decision.model_fields["threshold"].default))


RISK = Risk(_NAME, run)
