"""`apm doctor`: ask a cluster whether it is fit for what is rendered."""

from pathlib import Path

import click

from generator.commands._common import Terminal, live_options, refused, with_terminal


@click.command(epilog="Example: apm doctor --env staging --context staging-cluster")
@click.option("--env", "environment", metavar="NAME", help="Environment (default: the only one that is deployed).")
@live_options
@click.option("--only", "names", multiple=True, metavar="QUESTION", help="Ask this only (repeatable).")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How it is printed.",
)
@with_terminal
def doctor(
    terminal: Terminal,
    environment: str | None,
    kubeconfig: Path | None,
    context: str | None,
    names: tuple[str, ...],
    form: str,
) -> None:
    """Ask a cluster whether it is fit for what is rendered, and whether it runs.

    Asked are versions, definitions, namespaces, secrets (never their values), selectors of the monitoring stack,
    indexes of the stores, clocks, images, pods, the rights of Argo CD and its Applications, and the pods that network
    rules lead to. Nothing is written. Exit code 0: all is well; 1: something is wrong, or could not be seen.
    """
    from generator.live.cluster import connect
    from generator.live.run import EXAMINATIONS, as_json, as_text, environment_of, examined
    from generator.problems import Rejected, nearest

    for name in names:
        if name not in EXAMINATIONS:
            raise click.BadParameter(
                f'there is no question "{name}"; {nearest(name, EXAMINATIONS)}', param_hint="--only"
            )
    try:
        chosen = environment_of(terminal.root, environment)
        cluster = connect(kubeconfig, context)
        found = examined(terminal.root, cluster, chosen, names)
    except Rejected as rejected:
        refused(rejected.problems, terminal)
    click.echo(as_json(found, cluster.host, chosen) if form == "json" else as_text(found, color=terminal.color))
    bad = [f for f in found if f.state != "ok"]
    terminal.say(f"{len(found) - len(bad)} of {len(found)} answers are good ({chosen} at {cluster.host})")
    click.get_current_context().exit(int(bool(bad)))
