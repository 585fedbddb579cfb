"""Skeletons of cases for branches that no case has taken: what can be known of them, and a name that says the rest.

Known are the input (that of another case of the workflow, or one that its schema holds), the replies, the faults that
lead into a handler of an error, and the branch itself. What a condition needs is in the name: finding the
values that hold it is left to a person, and a case that does not take its branch fails.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from generator import conventions, emit
from generator.kinds.workflow import Workflow
from generator.kinds.workflow_test import Fault, WorkflowTest
from generator.workflows.coverage import Branch, Coverage
from runtime.contract import Step
from runtime.nodes.switch import SwitchStep

HEADER = """\
# Skeletons, written by `apm test --generate`: complete each case so that it takes the branch in its name, then
# rename it after what it shows.
"""


def skeletons(found: Sequence[Coverage], tests: Sequence[WorkflowTest]) -> str:
    """Return a YAML text with a WorkflowTest for each workflow that misses branches; empty where none does."""
    return "---\n".join(HEADER + emit.dumps(_test(one, tests)) for one in found if one.missing)


def _test(coverage: Coverage, tests: Sequence[WorkflowTest]) -> dict[str, Any]:
    workflow = coverage.workflow
    like = next((test for test in tests if test.workflow.name == workflow.name), None)
    environment = like.environment if like else tests[0].environment
    spec = {
        "workflow": workflow.name,
        "environment": environment,
        "cases": [_case(workflow, branch, like) for branch in coverage.missing],
    }
    name = {"name": f"{workflow.name}-skeletons"}
    return {"apiVersion": conventions.API_VERSION, "kind": "WorkflowTest", "metadata": name, "spec": spec}


def _case(workflow: Workflow, branch: Branch, like: WorkflowTest | None) -> dict[str, Any]:
    case: dict[str, Any] = {"name": f"{branch.name}: {_why(branch)}", "input": _input(workflow, like)}
    case["replies"] = _replies(workflow, like)
    if faults := _faults(workflow, branch):
        case["faults"] = {branch.step.id: faults}
    return {**case, "expect": {"takes": [branch.name]}}


def _why(branch: Branch) -> str:
    """Return what has to be so for the branch to be taken."""
    step, way = branch.step, branch.way
    if isinstance(step, SwitchStep) and way.startswith("switch"):
        earlier = ", and none of the cases above it does" if _number(way) else ""
        return f"{step.switch[_number(way)].when} holds{earlier}"
    if way.startswith("onError"):
        match = step.on_error[_number(way)].match
        return f"the step fails with {'any problem' if match == '*' else match} that no handler above takes"
    reasons = {
        "default": "no case of the switch holds",
        "skipped": f"{step.when} does not hold",
        "onExhausted": f"the step is visited more than {step.max_visits} times",
        "failed": "the step is reached",
    }
    return reasons.get(way, "the step is reached and done")


def _number(way: str) -> int:
    return int(way[way.index("[") + 1 : -1])


def _faults(workflow: Workflow, branch: Branch) -> list[str]:
    """Return the faults that lead into a handler, one for each attempt; none where only an answer can."""
    if not branch.way.startswith("onError"):
        return []
    match = branch.step.on_error[_number(branch.way)].match
    fault = "unavailable" if match == "*" else match
    return [fault] * _attempts(workflow, branch.step, fault) if fault in get_args(Fault) else []


def _attempts(workflow: Workflow, step: Step, fault: str) -> int:
    policy = workflow.document.resilience.get(step.resilience or "")
    retry = step.retry or (policy.retry if policy else None)
    return retry.max_attempts if retry and fault in retry.retry_on else 1


def _input(workflow: Workflow, like: WorkflowTest | None) -> Any:
    return like.cases[0].input if like else sample(workflow.document.input)


def _replies(workflow: Workflow, like: WorkflowTest | None) -> Any:
    """Return the replies of another case, or the shortest that the agents' schemas hold."""
    if like and (file := next((c.replies for c in like.cases if isinstance(c.replies, str)), None)):
        return file
    agents = {agent.name: agent.document.output for one in workflow.closure() for agent in one.agents}
    return {name: [sample(output)] for name, output in agents.items()}


def sample(schema: Mapping[str, Any]) -> Any:
    """Return a value that a JSON Schema holds, as far as types, choices, bounds and required fields say."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return _of_type(kind[0] if isinstance(kind, list) else kind, schema)


def _of_type(kind: Any, schema: Mapping[str, Any]) -> Any:
    if kind == "object":
        fields = cast("Mapping[str, Any]", schema.get("properties", {}))
        return {name: sample(fields.get(name, {})) for name in schema.get("required", ())}
    if kind == "array":
        return [sample(schema.get("items", {}))] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    plain = {"boolean": False, "null": None}
    return plain[kind] if kind in plain else "a" * max(1, schema.get("minLength", 1))
