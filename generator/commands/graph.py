"""`apm graph`: a workflow as a drawing."""

from functools import partial
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, with_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.contract import Step


@click.command(epilog="Example: apm graph apm-cycle --format svg > apm-cycle.svg")
@click.argument("workflow")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot", "svg"]), default="mermaid", show_default=True)
@with_terminal
def graph(terminal: Terminal, workflow: str, form: str) -> None:
    """Draw a workflow as Mermaid, DOT or SVG."""
    from generator.workflows import diagrams
    from generator.workflows.svg import svg

    drawing = diagrams.diagram(_steps(terminal, workflow))
    texts = {"mermaid": diagrams.mermaid, "dot": partial(diagrams.dot, name=workflow), "svg": svg}
    click.echo(texts[form](drawing), nl=False)


def _steps(terminal: Terminal, workflow: str) -> "Sequence[Step]":
    from generator.commands._common import checked
    from generator.problems import Failure, nearest

    specs = checked(terminal)
    found = specs.written.find("Workflow", workflow)
    if found is None:
        raise Failure(f'there is no workflow "{workflow}"', nearest(workflow, specs.written.names("Workflow")))
    return found.spec.steps
