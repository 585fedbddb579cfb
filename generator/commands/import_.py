"""`apm import`: lift what others wrote, in files or in a cluster, into specs, and prove what stayed the same."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, live_options, with_terminal

if TYPE_CHECKING:
    from generator.importing.manifests import Found
    from generator.importing.run import Imported

FORMS = ("text", "json", "markdown")


@click.command("import", epilog="Example: apm import k8s/ grafana/*.json --out my-agents --runtime apm-controller")
@click.argument("paths", metavar="[FILES]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Repository to write specs to; without it nothing is written.",
)
@click.option("--overwrite", is_flag=True, help="Write over specs that stand where new ones would.")
@click.option(
    "--env",
    "environment",
    default="production",
    show_default=True,
    metavar="NAME",
    help="Environment that the objects are those of.",
)
@click.option("--owner", default="platform", show_default=True, metavar="TEAM", help="Team that answers for the specs.")
@click.option(
    "--namespace", metavar="NAME", help="Namespace of the system (default: the one that most objects are in)."
)
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    metavar="DEPLOYMENT",
    help="Deployment in which agents run (repeatable; default: those that read a MongoDB's address from a Secret).",
)
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How the report is printed."
)
@click.option("--live", "is_live", is_flag=True, help="Read a cluster instead of files.")
@click.option("--from-namespace", "spaces", multiple=True, metavar="NAME",
              help="Namespace of the cluster to read (repeatable; default: all but the cluster's own).")  # fmt: skip
@live_options
@with_terminal
def import_(
    terminal: Terminal,
    paths: tuple[Path, ...],
    out: Path | None,
    overwrite: bool,
    environment: str,
    owner: str,
    namespace: str | None,
    runtimes: tuple[str, ...],
    form: str,
    is_live: bool,
    spaces: tuple[str, ...],
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Lift manifests, rules, dashboards and Alertmanager configurations into specs.

    FILES are YAML and JSON files, or folders of them. With --live the objects of a cluster are read, except those that
    controllers, Helm or apm itself look after; values of Secrets are never looked at. What the specs render to is
    compared with what they were made from, field by field. The report says what is the same, what no spec can say, what
    a person has to decide, and every defect that was seen, each with file, line and column. Exit code 1 when the specs
    do not render yet, or when a file or a kind could not be read.
    """
    from generator.importing.run import Wanted, imported, write

    if is_live == bool(paths) or (spaces and not is_live):
        raise click.UsageError("name files or folders to import, or a cluster with --live [--from-namespace NAME]")
    found = _cluster(kubeconfig, context, spaces) if is_live else _files(terminal, paths)
    target = terminal.root / out if out else None
    result = imported(found, Wanted(target, environment, owner, namespace, frozenset(runtimes), overwrite))
    click.echo(_printed(result, write(result, target), form, verbose=terminal.verbose > 0), nl=False)
    failed = any(p.severity == "error" for p in found.problems) or not result.proof.renders
    click.get_current_context().exit(int(failed))


def _files(terminal: Terminal, paths: tuple[Path, ...]) -> "Found":
    from generator.importing.reading import read

    return read([terminal.root / path for path in paths], terminal.root)


def _cluster(kubeconfig: Path | None, context: str | None, spaces: tuple[str, ...]) -> "Found":
    from generator.importing.cluster import read
    from generator.live.cluster import connect

    return read(connect(kubeconfig, context), spaces)


def _printed(result: "Imported", written: list[str], form: str, *, verbose: bool) -> str:
    from generator.importing import reports

    if form == "json":
        return reports.as_json(result, written) + "\n"
    return reports.markdown(result, written) if form == "markdown" else reports.text(result, written, verbose=verbose)
