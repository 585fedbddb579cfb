"""A problem type is named that nothing reports.

`match` of `onError`, `retryOn` of a retry and `problem` of an expected result name problem types: those that the
runtime reports (such as `timeout`, `unavailable`, `rejected`, `gate-failed`) and those of `fail` steps. A handler for
any other type never counts, and nobody would notice before the failure that it was written for.

Fix: correct the name (the nearest one is suggested).

Bad: `onError: [{match: time-out, goto: later}]`

Good: `onError: [{match: timeout, goto: later}]`
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, meant, nearest
from generator.workflows.flow import nodes
from runtime.nodes.fail import FailStep
from runtime.problems import TYPES

CODE = "unknown-problem"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each name where it stands."""
    if any(kind == "Workflow" for kind, _ in catalogue.unparsed):
        return  # its `fail` steps are not known
    own = {node.step.fail.type for workflow in catalogue.all("Workflow") for node in nodes(workflow)
           if isinstance(node.step, FailStep)}  # fmt: skip
    known = TYPES | own
    for kind, named in (("Workflow", _of_steps), ("Resilience", _of_policy), ("WorkflowTest", _of_cases)):
        for spec in catalogue.all(kind):
            yield from (_unknown(spec, loc, name, known) for loc, name in named(spec) if name not in known)


def _unknown(spec: Declared, loc: Loc, name: str, known: frozenset[str]) -> Problem:
    hint = nearest(name, known) or "`fail` steps and the runtime report problem types"
    fix = spec.document.rename(loc, name, meant(name, known))
    return spec.problem(loc, CODE, f'nothing reports the problem type "{name}"', hint, fix=fix)


def _of_steps(workflow: Declared) -> Iterator[tuple[Loc, str]]:
    for node in nodes(workflow):
        for index, handler in enumerate(node.step.on_error):
            if handler.match != "*":
                yield (*node.loc, "onError", index, "match"), handler.match
        if node.step.retry and "retry_on" in node.step.retry.model_fields_set:
            yield from (((*node.loc, "retry", "retryOn", n), name) for n, name in enumerate(node.step.retry.retry_on))


def _of_policy(policy: Declared) -> Iterator[tuple[Loc, str]]:
    retry = policy.spec.retry
    if retry and "retry_on" in retry.model_fields_set:
        yield from ((("spec", "retry", "retryOn", index), name) for index, name in enumerate(retry.retry_on))


def _of_cases(test: Declared) -> Iterator[tuple[Loc, str]]:
    for index, case in enumerate(test.spec.cases):
        if case.expect.problem is not None:
            yield ("spec", "cases", index, "expect", "problem"), case.expect.problem


CHECK = Check(CODE, run, each_environment=True)
