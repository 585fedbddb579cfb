"""`apm graph`: a workflow, or the whole system, as a drawing."""

from functools import partial
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, checked, with_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.contract import Step


@click.command(
    epilog="Example: apm graph apm-cycle --format svg > apm-cycle.svg; apm graph --system --format svg > all.svg"
)
@click.argument("workflow", required=False)
@click.option("--system", "whole", is_flag=True, help="Draw which specs use which, in the whole system.")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot", "svg"]), default="mermaid", show_default=True)
@with_terminal
def graph(terminal: Terminal, workflow: str | None, whole: bool, form: str) -> None:
    """Draw a workflow, or who uses what in the whole system, as Mermaid, DOT or SVG."""
    from generator.workflows import diagrams, system
    from generator.workflows.svg import svg

    if whole == (workflow is not None):
        raise click.UsageError("name a workflow, or ask for the whole system with --system")
    drawing = system.system(checked(terminal).written) if whole else diagrams.diagram(_steps(terminal, str(workflow)))
    name = "system" if whole else str(workflow)
    texts = {"mermaid": diagrams.mermaid, "dot": partial(diagrams.dot, name=name), "svg": system.svg if whole else svg}
    click.echo(texts[form](drawing), nl=False)


def _steps(terminal: Terminal, workflow: str) -> "Sequence[Step]":
    from generator.problems import Failure, nearest

    specs = checked(terminal)
    found = specs.written.find("Workflow", workflow)
    if found is None:
        raise Failure(f'there is no workflow "{workflow}"', nearest(workflow, specs.written.names("Workflow")))
    return found.spec.steps
