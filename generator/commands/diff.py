"""`apm diff`: what a change of specs changes in the clusters, with risks marked."""

from typing import TYPE_CHECKING

import click

from generator.commands._common import (
    Terminal,
    apm_version,
    count,
    live_options,
    print_problems,
    refused,
    texts,
    with_terminal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from generator.diff.model import Diff

FORMS = ("text", "markdown", "json", "sarif")
ANY = "any"


@click.command(epilog="Example: apm diff origin/main... --format markdown --fail-on rights-widened")
@click.argument("ref", required=False)
@click.option("--env", "names", multiple=True, metavar="NAME", help="Environment (repeatable; default: all).")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How it is printed."
)
@click.option("--fail-on", "risks", multiple=True, metavar="RISK", help="Exit 1 when this risk is marked, or `any`.")
@click.option("--from-specs", is_flag=True, help="Render the specs of REF instead of reading its rendered/.")
@click.option("--limit", type=click.IntRange(min=200), default=65536, show_default=True, metavar="CHARACTERS",
              help="Longest Markdown; GitLab takes 1000000.")  # fmt: skip
@click.option("--live", "is_live", is_flag=True, help="Compare with a cluster instead of a commit.")
@click.option("--server", metavar="URL",
              help="Ask a runtime for runs and threads that breaking changes meet; key in APM_API_KEY.")  # fmt: skip
@live_options
@with_terminal
def diff(
    terminal: Terminal,
    ref: str | None,
    names: tuple[str, ...],
    form: str,
    risks: tuple[str, ...],
    from_specs: bool,
    limit: int,
    is_live: bool,
    server: str | None,
    kubeconfig: "Path | None",
    context: str | None,
) -> None:
    """Say what changes in the clusters when this is merged, and what is risky about it.

    What the working tree renders is compared with REF (default: HEAD); `REF...` is where the branch left REF, which is
    what a pull request shows. `apm explain RISK` says what a risk means.

    With --live one environment is compared with the cluster that a kubeconfig names: only what is rendered counts, and
    what was changed by hand. Exit code 3 where they differ. Nothing is written.
    """
    from generator.diff.run import diff as compared
    from generator.problems import Rejected

    check_risks(risks)
    if is_live:
        if ref is not None or from_specs or server or len(names) > 1:
            raise click.UsageError("--live compares one environment with a cluster: no REF, --from-specs, --server")
        _live(terminal, names[0] if names else None, form, risks, limit, kubeconfig, context)
    ref = "HEAD" if ref is None else ref
    try:
        found = compared(terminal.root, ref, names, from_specs=from_specs)
    except Rejected as rejected:
        print_problems(rejected.problems, texts(terminal.root, rejected.problems), "text", terminal)
        terminal.say(f"{count(rejected.problems)}; nothing was compared")
        raise click.exceptions.Exit(1) from None
    found = _with_runs(found, server) if server else found
    click.echo(printed(found, ref, form, limit, color=terminal.color), nl=False)
    click.get_current_context().exit(int(any(failing(found, risks))))


def _with_runs(found: "Diff", server: str) -> "Diff":
    """Return the diff with the runs and threads that breaking changes meet at a server."""
    from generator.commands._runtime import runtime_cli
    from generator.diff.under_way import named

    with runtime_cli().server(server) as asked:
        return named(found, asked)


def _live(terminal: Terminal, name: str | None, form: str, risks: tuple[str, ...], limit: int,
          kubeconfig: "Path | None", context: str | None) -> None:  # fmt: skip
    """Print how a cluster differs, and exit: 0 not at all, 1 with a risk that a gate names, 3 otherwise."""
    from generator.live.cluster import connect
    from generator.live.run import compared, environment_of
    from generator.problems import Rejected

    try:
        found = compared(terminal.root, connect(kubeconfig, context), environment_of(terminal.root, name))
    except Rejected as rejected:
        refused(rejected.problems, terminal)
    click.echo(printed(found, "the cluster", form, limit, color=terminal.color), nl=False)
    raise click.exceptions.Exit(1 if any(failing(found, risks)) else 3 if found.changes else 0)


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
