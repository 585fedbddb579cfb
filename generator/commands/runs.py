"""`apm runs`: what has been run here, and what waits."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from generator.commands._common import Terminal, server_option, with_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.cli import RunResult


@click.group(epilog="Example: apm runs list; apm runs answer ID --value accept")
def runs() -> None:
    """List, show, cancel, resume, revive and answer runs, here or at a server."""


json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@runs.command("list", epilog="Example: apm runs list --status waiting")
@click.option("--workflow", help="Runs of this workflow only.")
@click.option("--status", help="Runs that stand there only: queued, running, abandoned, waiting, interrupted, "
              "succeeded, failed, cancelled or timeout.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@server_option
@json_option
@with_terminal
def list_(terminal: Terminal, workflow: str | None, status: str | None, limit: int, server: str | None,
          as_json: bool) -> None:  # fmt: skip
    """List runs, newest first."""
    from generator.commands._runtime import as_value, runtime_cli

    if server:
        with runtime_cli().server(server) as asked:
            found = asked.list_runs(workflow, status, limit)
    else:
        found = runtime_cli().list_runs(workflow=workflow, status=status, limit=limit, state_dir=terminal.state_dir)
    if as_json:
        click.echo(json.dumps([as_value(run) for run in found], indent=2, ensure_ascii=False))
        return
    for run in found:
        click.echo(f"{run.id}  {_when(run.created)}  {run.workflow:24} {run.status:12} {run.seconds:8.1f} s")
    if not found:
        terminal.say("there are no runs" + ("" if workflow or status else " yet; start one with `apm run WORKFLOW`"))


@runs.command(epilog="Example: apm runs show ID --json")
@click.argument("id_", metavar="ID")
@server_option
@json_option
@with_terminal
def show(terminal: Terminal, id_: str, server: str | None, as_json: bool) -> None:
    """Show where a run stands, and its steps."""
    _print(terminal, _ask(server, "show", id_) or _call("show", id_, state_dir=terminal.state_dir), as_json)


@runs.command(epilog="Example: apm runs cancel ID")
@click.argument("id_", metavar="ID")
@server_option
@json_option
@with_terminal
def cancel(terminal: Terminal, id_: str, server: str | None, as_json: bool) -> None:
    """End a run; what its steps have done is undone where they say how (`compensate`)."""
    _print(terminal, _ask(server, "cancel", id_) or _call("cancel", id_, state_dir=terminal.state_dir), as_json)


@runs.command(epilog="Example: apm runs answer ID --value accept --comment 'looks right'")
@click.argument("id_", metavar="ID")
@click.option("--value", required=True, help="The chosen option, a text, or JSON where the question has a schema.")
@click.option("--to", help="Which question, where there are several.")
@click.option("--comment", default="", help="Kept with the answer.")
@click.option("--by", default="", help="Who answers; `terminal` without it, and the name of the key at a server.")
@server_option
@json_option
@with_terminal
def answer(terminal: Terminal, id_: str, value: str, to: str | None, comment: str, by: str, server: str | None,
           as_json: bool) -> None:  # fmt: skip
    """Answer what a run waits for; it goes on here, or at the server."""
    given = {"to": to, "comment": comment}
    asked = _ask(server, "answer", id_, _json_or_text(value), echo=terminal.say, by=by, **given)
    found = asked or _call(
        "answer", id_, _json_or_text(value), by=by or "terminal", **given, state_dir=terminal.state_dir,
        echo=terminal.say, verbose=terminal.verbose > 0,
    )  # fmt: skip
    _print(terminal, found, as_json)


@runs.command(epilog="Example: apm runs resume ID")
@click.argument("id_", metavar="ID")
@json_option
@with_terminal
def resume(terminal: Terminal, id_: str, as_json: bool) -> None:
    """Go on with an interrupted run from its last checkpoint."""
    _print(
        terminal,
        _call("resume", id_, state_dir=terminal.state_dir, echo=terminal.say, verbose=terminal.verbose > 0),
        as_json,
    )


@runs.command(epilog="Example: apm runs revive ID")
@click.argument("id_", metavar="ID")
@server_option
@json_option
@with_terminal
def revive(terminal: Terminal, id_: str, server: str | None, as_json: bool) -> None:
    """Take up a run again that was given up because workers died over it (`workers-lost`)."""
    found = _ask(server, "revive", id_) or _call(
        "revive", id_, state_dir=terminal.state_dir, echo=terminal.say, verbose=terminal.verbose > 0
    )
    _print(terminal, found, as_json)


def _when(millis: int) -> str:
    """Return when something was, in the time of this machine."""
    return datetime.fromtimestamp(millis / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _ask(
    url: str | None, name: str, *arguments: Any, echo: "Callable[[str], None]" = click.echo, **options: Any
) -> "RunResult | None":
    """Return what the server at an address says; nothing where none is named."""
    from generator.commands._runtime import runtime_cli

    if not url:
        return None
    with runtime_cli().server(url, echo) as asked:
        return getattr(asked, name)(*arguments, **options)


def _call(name: str, *arguments: Any, **options: Any) -> "RunResult":
    from generator.commands._runtime import runtime_cli

    return getattr(runtime_cli(), name)(*arguments, **options)


def _print(terminal: Terminal, found: "RunResult", as_json: bool) -> None:
    from generator.commands._runtime import printed
    from generator.commands.run import EXIT

    printed(terminal, found, as_json)
    click.get_current_context().exit(
        EXIT.get(found.status, 0 if found.status in ("cancelled", "running", "queued", "abandoned") else 1)
    )


def _json_or_text(value: str) -> Any:
    if value.lstrip().startswith(("{", "[", '"')) or value in ("true", "false", "null"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
