"""A step that changes something is tried again, and nothing keeps it from being done twice.

When an answer is lost, the caller can't know whether the target did its work. Trying again is safe only if the target
does one call once: because the tool is `idempotent`, or because the call carries an `idempotencyKey` by which the
target knows it again. This concerns tools with the effect `write`, `deploy` or `notify`, and `http` steps with POST
or PATCH.

Fix: give the step an `idempotencyKey` that is the same for the same piece of work, or do not try again.

Bad:

    - {id: book, tool: post-transaction, with: {order: "${input.order}"}, retry: {maxAttempts: 3}}

Good:

    - id: book
      tool: post-transaction
      with: {order: "${input.order}"}
      retry: {maxAttempts: 3}
      idempotencyKey: "order-${input.order}"
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.workflows.flow import Node, nodes
from runtime.contract import Step
from runtime.nodes.http import HttpStep
from runtime.nodes.tool import ToolStep

METHODS = ("POST", "PATCH")
"""HTTP methods that RFC 9110 does not call idempotent."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such step where it is told to try again."""
    for workflow in catalogue.all("Workflow"):
        for node in nodes(workflow):
            yield from _twice(catalogue, workflow, node)


def _twice(catalogue: Catalogue, workflow: Declared, node: Node) -> Iterator[Problem]:
    effect, retried = _effect(catalogue, node.step), _retried(catalogue, node)
    if effect and retried and node.step.idempotency_key is None:
        message = f"this step {effect} and is tried again: it may be done twice"
        hint = "add an `idempotencyKey` that is the same for the same piece of work"
        yield workflow.problem(retried, "retried-write", message, hint, key=True)


def _effect(catalogue: Catalogue, step: Step) -> str | None:
    if isinstance(step, HttpStep) and step.http.method in METHODS:
        return f"sends a {step.http.method}"
    if isinstance(step, ToolStep):
        tool = catalogue.find("Tool", step.tool)
        if tool is not None and tool.spec.effect != "read" and not tool.spec.idempotent:
            return f"calls {step.tool}, which has the effect {tool.spec.effect}"
    return None


def _retried(catalogue: Catalogue, node: Node) -> Loc | None:
    """Return the place that says that the step is tried again; its own `retry` counts before the policy's."""
    if node.step.retry is not None:
        return (*node.loc, "retry") if node.step.retry.max_attempts > 1 else None
    policy = catalogue.find("Resilience", node.step.resilience) if node.step.resilience else None
    return (*node.loc, "resilience") if policy is not None and policy.spec.retry.max_attempts > 1 else None


CHECK = Check("retried-write", run, each_environment=True)
