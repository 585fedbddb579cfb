"""`apm test`: the workflow tests among the specs."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, with_terminal

if TYPE_CHECKING:
    from generator.kinds.workflow import Workflow
    from generator.kinds.workflow_test import Case, WorkflowTest
    from generator.workflows.cases import CaseResult
    from generator.workflows.coverage import Coverage


@click.command(epilog="Example: apm test apm-cycle --coverage --junit results.xml")
@click.argument("names", nargs=-1, metavar="[TEST...]")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as JUnit XML too.")
@click.option("--dots", is_flag=True, help="Print one character a case, and what differs at the end.")
@click.option("--coverage", is_flag=True, help="Say which branches of the workflows no case has taken.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT",
              help="Exit 1 where the branch coverage of a workflow is lower; implies --coverage.")  # fmt: skip
@click.option("--generate", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write skeletons of cases for the missing branches to a new file.")  # fmt: skip
@click.option("--record", is_flag=True, help="Really ask the models, and keep what they answer beside the tests.")
@click.option("--rules", is_flag=True, help="Run the cases of all alerts with promtool instead.")
@click.option("--promtool", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Prometheus' promtool (default: the one on the path); implies --rules.")  # fmt: skip
@with_terminal
def test(
    terminal: Terminal, names: tuple[str, ...], junit: Path | None, dots: bool, coverage: bool,
    fail_under: float | None, generate: Path | None, record: bool, rules: bool, promtool: Path | None,
) -> None:  # fmt: skip
    """Run the workflow tests among the specs.

    Each case runs on the runtime's own graph with written replies and given answers: no model, no server, no waiting.
    With TEST only these are run, and coverage looks at their workflows only. With --record the models of the case's
    environment are asked; what they answer is written to the file that the case names under `replies`, or to a new one.
    """
    if rules or promtool:
        from generator.commands._rules import run_rules

        click.get_current_context().exit(0 if run_rules(terminal, promtool) else 1)
    from generator.workflows.cases import junit as xml

    all_workflows, tests = _chosen(terminal, names)
    results = _run(terminal, tests, record=record, dots=dots)
    if junit:
        junit.write_text(xml(results), encoding="utf-8")
    low = False
    if coverage or fail_under is not None or generate:
        workflows = tuple({t.workflow.name: t.workflow for t in tests}.values()) if names else all_workflows
        found = _covered(workflows, tests, results)
        low = fail_under is not None and any(one.percent < fail_under for one in found)
        if generate:
            _generate(terminal, generate, tests, found)
    failed = any(r.differences for r in results)
    click.get_current_context().exit(1 if failed or low else 0)


def _run(
    terminal: Terminal, tests: "tuple[WorkflowTest, ...]", *, record: bool, dots: bool
) -> "tuple[CaseResult, ...]":
    from generator.commands._runtime import documents, runtime_cli
    from generator.workflows.cases import run_all

    start = time.monotonic()
    results: list[CaseResult] = []
    if record:
        _refuse_written(terminal, tests)
    for test, case, result in run_all(tests, lambda env: documents(terminal, env), runtime_cli(), record=record):
        results.append(result)
        if dots:
            click.echo("F" if result.differences else ".", nl=False)
        else:
            _tell(result)
        if record and result.heard:
            _keep(terminal, test, case, result)
    failed = sum(bool(r.differences) for r in results)
    if dots:
        click.echo()
        for result in results:
            if result.differences:
                _tell(result)
    click.echo(f"{len(results) - failed} passed, {failed} failed in {time.monotonic() - start:.1f} s")
    return tuple(results)


def _tell(result: "CaseResult") -> None:
    click.echo(f"{'FAIL' if result.differences else 'ok  '}  {result.test}: {result.case} ({result.seconds:.1f} s)")
    for difference in result.differences:
        click.echo(f"        {difference}")


def _refuse_written(terminal: Terminal, tests: "tuple[WorkflowTest, ...]") -> None:
    """Refuse to record over replies that a person has written, before a model is asked."""
    from generator.workflows import cassettes

    for test in tests:
        for case in test.cases:
            file = terminal.root / cassettes.file_of(test, case)
            if file.exists():
                cassettes.may_replace(file.read_text(encoding="utf-8"), cassettes.file_of(test, case))


def _keep(terminal: Terminal, test: "WorkflowTest", case: "Case", result: "CaseResult") -> None:
    """Write a recording, and say what the case has to name."""
    from generator.problems import plural
    from generator.workflows import cassettes

    name = cassettes.file_of(test, case)
    (terminal.root / name).write_text(cassettes.text(test, case, result.heard), encoding="utf-8")
    told = "" if isinstance(case.replies, str) else f"; to play it back, write `replies: {Path(name).name}` in the case"
    click.echo(f"        recorded {plural(len(result.heard), 'answer')} in {name}{told}")


def _covered(
    workflows: "Sequence[Workflow]", tests: "tuple[WorkflowTest, ...]", results: "Sequence[CaseResult]"
) -> "tuple[Coverage, ...]":
    from generator.workflows import coverage

    ways = frozenset(way for result in results for way in result.ways)
    found = coverage.measured(workflows, tests, ways)
    click.echo("branch coverage:")
    for line in coverage.lines(found):
        click.echo(f"  {line}")
    return found


def _generate(terminal: Terminal, file: Path, tests: "tuple[WorkflowTest, ...]", found: "tuple[Coverage, ...]") -> None:
    from generator.problems import Failure, plural
    from generator.workflows.skeletons import skeletons

    if file.exists():
        raise Failure(f"{file} is there already", "name a new file; what is written there has to be completed by hand")
    text = skeletons(found, tests)
    if text:
        file.write_text(text, encoding="utf-8")
    terminal.say(f"wrote {plural(text.count('- name:'), 'skeleton')} to {file}" if text else "no branch is missing")


def _chosen(terminal: Terminal, names: tuple[str, ...]) -> "tuple[tuple[Workflow, ...], tuple[WorkflowTest, ...]]":
    from generator.commands._common import checked
    from generator.kinds.workflow import Workflow
    from generator.kinds.workflow_test import WorkflowTest
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest
    from generator.resolve import resolve

    project = resolve(next(iter(checked(terminal).views)), KINDS)
    found = {t.name: t for t in project.all(WorkflowTest)}
    if not found:
        raise Failure(
            "there are no workflow tests",
            "write a spec of kind WorkflowTest; `apm explain WorkflowTest` says what it holds",
        )
    for name in names:
        if name not in found:
            raise Failure(f'there is no workflow test "{name}"', nearest(name, found))
    chosen = tuple(t for name, t in found.items() if not names or name in names)
    return tuple(project.all(Workflow)), chosen
