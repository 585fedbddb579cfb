"""`apm diff`: what a change of specs changes in the clusters, with risks marked."""

from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, apm_version, count, print_problems, texts, with_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.diff.model import Diff

FORMS = ("text", "markdown", "json", "sarif")
ANY = "any"


@click.command(epilog="Example: apm diff origin/main... --format markdown --fail-on rights-widened")
@click.argument("ref", default="HEAD")
@click.option("--env", "names", multiple=True, metavar="NAME", help="Environment (repeatable; default: all).")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How it is printed."
)
@click.option("--fail-on", "risks", multiple=True, metavar="RISK", help="Exit 1 when this risk is marked, or `any`.")
@click.option("--from-specs", is_flag=True, help="Render the specs of REF instead of reading its rendered/.")
@click.option("--limit", type=click.IntRange(min=200), default=65536, show_default=True, metavar="CHARACTERS",
              help="Longest Markdown; GitLab takes 1000000.")  # fmt: skip
@with_terminal
def diff(terminal: Terminal, ref: str, names: tuple[str, ...], form: str, risks: tuple[str, ...], from_specs: bool,
         limit: int) -> None:  # fmt: skip
    """Say what changes in the clusters when this is merged, and what is risky about it.

    What the working tree renders is compared with REF (default: HEAD); `REF...` is where the branch left REF, which is
    what a pull request shows. `apm explain RISK` says what a risk means.
    """
    from generator.diff.run import diff as compared
    from generator.problems import Rejected

    check_risks(risks)
    try:
        found = compared(terminal.root, ref, names, from_specs=from_specs)
    except Rejected as rejected:
        print_problems(rejected.problems, texts(terminal.root, rejected.problems), "text", terminal)
        terminal.say(f"{count(rejected.problems)}; nothing was compared")
        raise click.exceptions.Exit(1) from None
    click.echo(printed(found, ref, form, limit, color=terminal.color), nl=False)
    click.get_current_context().exit(int(any(failing(found, risks))))


def check_risks(risks: "Sequence[str]") -> None:
    """Refuse names that are no risks."""
    from generator.diff.run import RISKS
    from generator.problems import nearest

    for name in risks:
        if name not in (*RISKS, ANY):
            raise click.BadParameter(
                f'there is no risk "{name}"; {nearest(name, [*RISKS, ANY])}', param_hint="--fail-on"
            )


def failing(found: "Diff", risks: "Sequence[str]") -> list[str]:
    """Return the marked risks among those that a gate names."""
    return [name for name in found.risks() if name in risks or ANY in risks]


def printed(found: "Diff", ref: str, form: str, limit: int, *, color: bool) -> str:
    """Return the diff in one of the formats."""
    if form == "markdown":
        from generator.diff.reports.markdown import markdown

        return markdown(found, ref, limit)
    if form == "text":
        from generator.diff.reports.text import text

        return text(found, color=color)
    from generator.diff.reports.machine import as_json, as_sarif
    from generator.diff.run import RISKS

    return (as_json(found) if form == "json" else as_sarif(found, RISKS, apm_version())) + "\n"
