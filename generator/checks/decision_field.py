"""A decision of an agent rests on a field that its answers do not have, or on a label that nobody has declared.

`decisions` names a field of the output schema. Its labels are the `enum` of that field, and `fallback` is one of them:
it counts when the answer is none, or when `confidence`, a number of the same answer, is below `threshold`.

Fix: correct the name, or declare field, labels and confidence in the output schema.

Bad: `decisions: {verdict: {fallback: review}}`, where `verdict` may be any text.

Good:

    output:
      type: object
      required: [verdict, sure]
      properties: {verdict: {enum: [complete, revise, review]}, sure: {type: number}}
    decisions: {verdict: {fallback: review, confidence: sure, threshold: 0.7}}
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, nearest
from generator.workflows.reads import known_fields, schema_of
from runtime.contract import Decision

_CODE = "decision-field"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report what is wrong with each decision where it stands."""
    for agent in catalogue.all("Agent"):
        if agent.spec.decisions:
            schema = schema_of(catalogue, agent, agent.spec.output)
            if schema is not None or agent.spec.output is None:  # one that can't be read is reported elsewhere
                fields = known_fields(schema) or {}
                for name, decision in agent.spec.decisions.items():
                    yield from _of(agent, name, decision, fields)


def _of(agent: Declared, name: str, decision: Decision, fields: Mapping[str, Any]) -> Iterator[Problem]:
    loc: Loc = ("spec", "decisions", name)
    if name not in fields:
        message = f'the output schema does not declare the field "{name}"'
        yield agent.problem(loc, _CODE, message, nearest(name, fields), key=True)
        return
    labels = _labels(fields[name])
    if not labels:
        message, hint = f'the output schema does not say which labels "{name}" has', "write them as its enum"
        yield agent.problem(loc, _CODE, message, hint, key=True)
    elif decision.fallback not in labels:
        message = f'"{decision.fallback}" is none of the labels of "{name}": {", ".join(labels)}'
        yield agent.problem((*loc, "fallback"), _CODE, message, nearest(decision.fallback, labels))
    yield from _confidence(agent, (*loc, "confidence"), decision, fields)


def _confidence(agent: Declared, loc: Loc, decision: Decision, fields: Mapping[str, Any]) -> Iterator[Problem]:
    name = decision.confidence
    if name is None:
        if "threshold" in decision.model_fields_set:
            at = (*loc[:-1], "threshold")
            yield agent.problem(at, _CODE, "no field says how sure the agent is: `confidence` is missing", key=True)
    elif name not in fields:
        message = f'the output schema does not declare the field "{name}"'
        yield agent.problem(loc, _CODE, message, nearest(name, fields))
    elif _type(fields[name]) != "number":
        yield agent.problem(loc, _CODE, f'"{name}" is no number, so it can\'t be held to a threshold')


def _labels(schema: object) -> list[str]:
    return [str(label) for label in cast("dict[str, Any]", schema).get("enum", ())] if isinstance(schema, dict) else []


def _type(schema: object) -> Any:
    return cast("dict[str, Any]", schema).get("type") if isinstance(schema, dict) else None


CHECK = Check(_CODE, run, each_environment=True)
