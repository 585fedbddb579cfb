"""`apm graph`: a workflow, or the whole system, as a drawing."""

from functools import partial

import click

from generator.commands._common import Terminal, with_terminal
from generator.commands._reading import asked, readable


@click.command(
    epilog="Example: apm graph apm-cycle --format svg > apm-cycle.svg; apm graph --system --format svg > all.svg"
)
@click.argument("workflow", required=False)
@click.option("--system", "whole", is_flag=True, help="Draw which specs use which, in the whole system.")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot", "svg"]), default="mermaid", show_default=True)
@with_terminal
def graph(terminal: Terminal, workflow: str | None, whole: bool, form: str) -> None:
    """Draw a workflow, or who uses what in the whole system, as Mermaid, DOT or SVG.

    Errors elsewhere in the specs do not stand in the way: what can be read is drawn.
    """
    from generator.workflows import diagrams, system
    from generator.workflows.svg import svg

    if whole == (workflow is not None):
        raise click.UsageError("name a workflow, or ask for the whole system with --system")
    specs, name = readable(terminal), "system" if whole else str(workflow)
    found = None if whole else asked(terminal, specs, "Workflow", name)
    drawing = diagrams.diagram(found.spec.steps) if found else system.system(specs.written)
    texts = {"mermaid": diagrams.mermaid, "dot": partial(diagrams.dot, name=name), "svg": system.svg if whole else svg}
    click.echo(texts[form](drawing), nl=False)
