"""`apm run`: a workflow here and now."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.commands._common import Terminal, program, server_option, with_terminal

if TYPE_CHECKING:
    from runtime.cli import RunResult

EXIT = {"succeeded": 0, "waiting": 0, "interrupted": 130}
"""Exit codes by where a run stands; anything else is 1."""


@click.command(epilog="Example: apm run apm-cycle --env local --input examples/inputs/apm-cycle.json")
@click.argument("workflow")
@click.option(
    "--env", "environment", default="local", show_default=True, metavar="NAME", help="Environment whose overlays apply."
)
@click.option("--input", "given", default="{}", metavar="FILE|JSON", help="Input: a JSON file, or JSON itself.")
@click.option("--replies", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Answer from this file instead of a model (provider `scripted`).")  # fmt: skip
@click.option("--model-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Another model in GGUF form for the provider `local`.")  # fmt: skip
@click.option(
    "--no-input", "unattended", is_flag=True, help="Never ask at the terminal; a run that needs an answer waits."
)
@server_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@with_terminal
def run(terminal: Terminal, workflow: str, environment: str, given: str, replies: Path | None, model_file: Path | None,
        unattended: bool, server: str | None, as_json: bool) -> None:  # fmt: skip
    """Run a workflow here and now, on the embedded store; or at a server.

    The documents are those that `apm render` puts into ConfigMaps. Progress goes to standard error, the result to
    standard output. Ctrl-C interrupts a run; `apm runs resume ID` goes on. With --server the runtime there runs what it
    has been given; Ctrl-C only stops following.
    """
    from generator.commands._runtime import printed

    if server:
        _only_here(replies=replies, model_file=model_file)
        found = _at(server, terminal, workflow, _input(given))
    else:
        found = _here(terminal, workflow, environment, _input(given), replies, model_file, unattended)
    printed(terminal, found, as_json, shown=not terminal.quiet)
    if not (as_json or server):
        _next(terminal, found)
    click.get_current_context().exit(EXIT.get(found.status, 1))


def _only_here(**options: Path | None) -> None:
    for name, value in options.items():
        if value:
            raise click.UsageError(f"--{name.replace('_', '-')} is for runs here: a server has models of its own")


def _at(server: str, terminal: Terminal, workflow: str, value: dict[str, Any]) -> "RunResult":
    from generator.commands._runtime import runtime_cli

    with runtime_cli().server(server, terminal.say, verbose=terminal.verbose > 0) as asked:
        return asked.run(workflow, value)


def _here(terminal: Terminal, workflow: str, environment: str, value: dict[str, Any], replies: Path | None,
          model_file: Path | None, unattended: bool) -> "RunResult":  # fmt: skip
    from generator.commands._runtime import documents, runtime_cli

    return runtime_cli().run(
        documents(terminal, environment, workflow),
        workflow,
        value,
        state_dir=terminal.state_dir,
        provider="scripted" if replies else "local" if model_file else None,
        replies=replies,
        model_file=model_file,
        files=terminal.root,
        interactive=sys.stdin.isatty() and not unattended,
        echo=terminal.say,
        verbose=terminal.verbose > 0,
    )


def _input(given: str) -> dict[str, Any]:
    from generator.problems import Failure

    text, where = given, "--input"
    if not given.lstrip().startswith(("{", "[")):
        where = given
        try:
            text = Path(given).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f"{given} can't be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}",
                          "--input takes a JSON file, or JSON that starts with {") from None  # fmt: skip
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Failure(f"{where} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Failure(f"{where}: the input of a workflow is an object", 'write {"name": value}')
    return value  # pyright: ignore[reportUnknownVariableType]


def _next(terminal: Terminal, found: "RunResult") -> None:
    rows = [
        (f"{program()} runs show {found.id}", "every step of this run"),
        (f"{program()} graph {found.workflow} --format svg > {found.workflow}.svg", "the workflow as a picture"),
    ]
    if (terminal.root / "rendered").is_dir():
        rows.append(("rendered/", "what Argo CD syncs; start with docs/HANDOVER.md of an environment"))
    terminal.say("\nwhat to look at next:")
    width = max(len(what) for what, _ in rows)
    for what, why in rows:
        terminal.say(f"  {what:{width}}   {why}")
