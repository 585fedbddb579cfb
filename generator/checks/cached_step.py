"""A step keeps its output although it can't be given again, or there is nothing to keep.

`cache` gives the output of an earlier execution instead of executing the step. A step that changes something outside
would not change it any more, and a step that waits would not ask. So `cache` stands only at `llm`, at `http` with GET,
and at `tool`, `function` and `agent` where the tool or function only reads, or the agent has only such tools.

Fix: take `cache` away, or put it at the step that reads.

Bad: `{id: book, tool: create-order, cache: {key: "${input.order}", ttl: 1h}}`

Good: `{id: look, tool: search, with: {text: "${input.text}"}, cache: {key: "${input.text}", ttl: 1h}}`
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.effects import harmless, known
from generator.workflows.flow import nodes
from runtime.contract import Step
from runtime.nodes.agent import AgentStep
from runtime.nodes.function import FunctionStep
from runtime.nodes.http import HttpStep
from runtime.nodes.llm import LlmStep
from runtime.nodes.tool import ToolStep
from runtime.steps import name_of

_CALLS = (AgentStep, FunctionStep, HttpStep, LlmStep, ToolStep)


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    for workflow in catalogue.all("Workflow"):
        for node in nodes(workflow):
            if node.step.cache and (why := _why_not(catalogue, node.step)):
                yield workflow.problem((*node.loc, "cache"), "cached-step", why, "take `cache` away", key=True)


def _why_not(catalogue: Catalogue, step: Step) -> str | None:
    if not isinstance(step, _CALLS):
        return f"the output of `{name_of(step)}` can't be kept: only calls have one that can"
    if known(catalogue, step) and harmless(catalogue, step) is None:
        return "this step may change something, which would not happen again"
    return None


CHECK = Check("cached-step", run, each_environment=True)
