"""Times that end after the time around them, and questions to people that nobody can answer or that never end."""

from collections.abc import Iterator
from typing import Any

from generator.model import Catalogue, Declared, Loc
from generator.problems import Place, Problem
from generator.workflows.flow import Node, nodes
from generator.workflows.limits import written
from runtime.contract import millis
from runtime.nodes.approval import ApprovalStep
from runtime.nodes.ask import AskStep
from runtime.nodes.listen import ListenStep
from runtime.nodes.tool import ToolStep
from runtime.nodes.wait import WaitStep
from runtime.nodes.workflow import WorkflowStep

TIMEOUT, PEOPLE = "nested-timeout", "unanswered-question"


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield each time that does not nest, and each question without a way on."""
    limits = ("spec", "limits", "timeout")
    limit = (workflow.spec.limits.timeout, workflow.document.at(written(workflow, limits)))
    for node in nodes(workflow):
        around = limit
        if node.step.timeout is not None:
            loc = (*node.loc, "timeout")
            yield from _longer(workflow, loc, "this step", node.step.timeout, limit, "a run")
            around = (node.step.timeout, workflow.document.at(loc))
        yield from _waits(workflow, node, limit)
        yield from _below(catalogue, workflow, node, around)
        yield from _people(workflow, node)


def _longer(workflow: Declared, loc: Loc, what: str, time: str, around: tuple[str, Place], whose: str,
            there: Place | None = None) -> Iterator[Problem]:  # fmt: skip
    limit, place = around
    if millis(time) > millis(limit):
        places = [(there, f"{time} here")] if there else []
        message = f"{what} may take {time}, and {whose} ends after {limit}"
        related = (*places, (place, f"{limit} here"))
        yield workflow.problem(
            loc, TIMEOUT, message, "shorten this time, or lengthen the one around it", related=related
        )


def _waits(workflow: Declared, node: Node, limit: tuple[str, Place]) -> Iterator[Problem]:
    """What waits outlives the step's own timeout, but not the run."""
    step: Any = node.step
    for kind, key, field in ((ApprovalStep, "approval", "timeout"), (AskStep, "ask", "timeout"),
                             (ListenStep, "listen", "timeout"), (WaitStep, "wait", "for")):  # fmt: skip
        if isinstance(step, kind):
            held = getattr(step, key)
            time = getattr(held, "for_" if field == "for" else field)
            if time is not None:
                yield from _longer(workflow, (*node.loc, key, field), f"the {key}", time, limit, "a run")


def _below(catalogue: Catalogue, workflow: Declared, node: Node, around: tuple[str, Place]) -> Iterator[Problem]:
    step = node.step
    whose = "this step" if step.timeout is not None else "a run"
    if isinstance(step, WorkflowStep):
        spec = catalogue.find("Workflow", step.workflow)
        if spec is not None:
            there = spec.document.at(written(spec, ("spec", "limits", "timeout")))
            what = f'the workflow "{spec.name}"'
            yield from _longer(workflow, (*node.loc, "workflow"), what, spec.spec.limits.timeout, around, whose, there)
    elif isinstance(step, ToolStep):
        spec = catalogue.find("Tool", step.tool)
        if spec is not None:
            there = spec.document.at(written(spec, ("spec", "timeout")))
            what = f'the tool "{spec.name}"'
            yield from _longer(workflow, (*node.loc, "tool"), what, spec.spec.timeout, around, whose, there)


def _people(workflow: Declared, node: Node) -> Iterator[Problem]:
    step = node.step
    if not isinstance(step, ApprovalStep | AskStep):
        return
    key = "approval" if isinstance(step, ApprovalStep) else "ask"
    asked = step.approval if isinstance(step, ApprovalStep) else step.ask
    handled = any(handler.match in ("*", "timeout") for handler in step.on_error)
    if asked.on_timeout is not None and asked.timeout is None:
        message = "`onTimeout` never counts, because there is no `timeout`"
        yield workflow.problem((*node.loc, key, "onTimeout"), PEOPLE, message, "say how long to wait: timeout: 24h")
    elif asked.on_timeout is None and not handled:
        hint = "say what counts then: timeout: 24h with onTimeout, or onError: [{match: timeout, goto: ...}]"
        yield workflow.problem(
            (*node.loc, key), PEOPLE, "nothing says what follows when nobody answers", hint, key=True
        )
    if isinstance(step, ApprovalStep):
        yield from _option(workflow, node, step)


def _option(workflow: Declared, node: Node, step: ApprovalStep) -> Iterator[Problem]:
    given, options = step.approval.on_timeout, step.approval.options
    if given is not None and given not in options:
        message = f'`onTimeout` is "{given}", which is no option'
        yield workflow.problem((*node.loc, "approval", "onTimeout"), PEOPLE, message, f"options: {', '.join(options)}")
