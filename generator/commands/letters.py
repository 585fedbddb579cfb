"""`apm letters`: events that could not be delivered."""

import json

import click

from generator.commands._common import Terminal, server_option, with_terminal


@click.group(epilog="Example: apm letters list; apm letters redeliver ID")
def letters() -> None:
    """List events that could not be delivered, and deliver them again, here or at a server."""


@letters.command("list", epilog="Example: apm letters list --name orders-dead")
@click.option("--name", default="", help="Letters under this name only (`deadLetter` of their channel).")
@server_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@with_terminal
def list_(terminal: Terminal, name: str, server: str | None, as_json: bool) -> None:
    """List dead letters, oldest first, with the reason."""
    from generator.commands._runtime import runtime_cli

    if server:
        with runtime_cli().server(server) as asked:
            found = asked.letters(name)
    else:
        found = runtime_cli().letters(name, state_dir=terminal.state_dir)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for row in found:
        click.echo(f"{row['id']}  {row['name']}  {row['reason']}")
    if not found:
        terminal.say("there are no dead letters")


@letters.command(epilog="Example: apm letters redeliver ID")
@click.argument("id_", metavar="ID")
@server_option
@with_terminal
def redeliver(terminal: Terminal, id_: str, server: str | None) -> None:
    """Deliver a dead letter again; runs that it had started are not started twice."""
    from generator.commands._runtime import runtime_cli

    if server:
        with runtime_cli().server(server) as asked:
            asked.redeliver(id_)
    else:
        runtime_cli().redeliver(id_, state_dir=terminal.state_dir)
    terminal.say(f"{id_} is delivered again by the next scheduler")
