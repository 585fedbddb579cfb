"""`apm test`: the workflow tests among the specs."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, with_terminal

if TYPE_CHECKING:
    from generator.kinds.workflow_test import WorkflowTest


@click.command(epilog="Example: apm test apm-cycle --junit results.xml")
@click.argument("names", nargs=-1, metavar="[TEST...]")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as JUnit XML too.")
@with_terminal
def test(terminal: Terminal, names: tuple[str, ...], junit: Path | None) -> None:
    """Run the workflow tests among the specs.

    Each case runs on the runtime's own graph with written replies and given answers: no model, no cluster.
    """
    from generator.commands._runtime import documents, runtime_cli
    from generator.workflows import cases

    tests = _chosen(terminal, names)
    start = time.monotonic()
    results: list[cases.CaseResult] = []
    for result in cases.run_all(tests, lambda env: documents(terminal, env), runtime_cli()):
        results.append(result)
        click.echo(f"{'FAIL' if result.differences else 'ok  '}  {result.test}: {result.case} ({result.seconds:.1f} s)")
        for difference in result.differences:
            click.echo(f"        {difference}")
    if junit:
        junit.write_text(cases.junit(tuple(results)))
    failed = sum(bool(r.differences) for r in results)
    click.echo(f"{len(results) - failed} passed, {failed} failed in {time.monotonic() - start:.1f} s")
    click.get_current_context().exit(1 if failed else 0)


def _chosen(terminal: Terminal, names: tuple[str, ...]) -> "tuple[WorkflowTest, ...]":
    from generator.commands._common import checked
    from generator.kinds.workflow_test import WorkflowTest
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest
    from generator.resolve import resolve

    view = next(iter(checked(terminal).views))
    found = {t.name: t for t in resolve(view, KINDS).all(WorkflowTest)}
    if not found:
        raise Failure(
            "there are no workflow tests",
            "write a spec of kind WorkflowTest; `apm explain WorkflowTest` says what it holds",
        )
    for name in names:
        if name not in found:
            raise Failure(f'there is no workflow test "{name}"', nearest(name, found))
    return tuple(t for name, t in found.items() if not names or name in names)
