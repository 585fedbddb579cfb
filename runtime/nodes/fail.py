"""Fail with a problem of one's own."""

from typing import Annotated, Any

from runtime import expressions
from runtime.contract import Context, NodeType, Step, Strict, Template
from runtime.problems import failed


class Fail(Strict):
    """The problem (RFC 9457)."""

    type: str
    """Problem type, which `onError` of the calling workflow can match."""
    title: str
    """One sentence that does not vary."""
    detail: Annotated[str, Template("jinja")] = ""
    """What happened this time; `{{ }}` is Jinja2 over the roots of expressions."""


class FailStep(Step):
    """Fail the workflow, or the branch."""

    fail: Fail
    """The problem."""


async def run(step: FailStep, context: Context) -> Any:
    """Raise the problem."""
    raise failed(step.fail.type, step.fail.title, expressions.prose(step.fail.detail, context.scope))


NODE = NodeType("fail", FailStep, run)
