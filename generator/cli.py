"""The command line: `apm COMMAND`. Commands live in `generator/commands/` and are imported only when they are called.

Exit codes: 0 clean, 1 problems (in specs, or in what a command had to do), 2 wrong usage, 3 rendered/ differs (or, with
--live, the cluster).
"""

import contextlib
import difflib
import errno
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

SUMMARIES = {
    "init": "Make a small GitOps repository that validates, renders and runs at once.",
    "import": "Lift manifests, rules, dashboards and Alertmanager configurations into specs.",
    "validate": "Check all specs and print every problem.",
    "fmt": "Order the keys of specs and indent them; comments stay.",
    "render": "Write what the specs say to rendered/, or compare with it.",
    "diff": "Say what changes in the clusters when this is merged, and what is risky about it.",
    "vendor": "Copy the specs of other repositories, at the commits that the System pins.",
    "doctor": "Ask a cluster whether it is fit for what is rendered, and whether it runs.",
    "ci": "Check specs, run their tests, compare rendered/ and CODEOWNERS, and say what the change does.",
    "codeowners": "Write who approves what to CODEOWNERS, from the Team specs.",
    "duties": "List the recurring duties with when they are due; record that one was done.",
    "promote": "Write what runs in one environment into the specs of the next.",
    "test": "Run the workflow tests among the specs.",
    "run": "Run a workflow here and now, on the embedded store; or at a server.",
    "runs": "List, show, cancel, resume, revive and answer runs, here or at a server.",
    "letters": "List events that could not be delivered, and deliver them again, here or at a server.",
    "serve": "Serve the HTTP API, execute runs, keep schedules.",
    "explain": "Explain a code, a kind, field or verb, an alert, functions, a rendered line, or a line of a spec.",
    "schema": "Write JSON Schemas of all kinds, for editors.",
    "graph": "Draw a workflow, or who uses what in the whole system, as Mermaid, DOT or SVG.",
    "lsp": "Serve editors: findings while you type, completion, definitions, repairs.",
    "version": "Print the version.",
}
"""What `apm --help` says of each command without importing it; a test compares with the commands."""

LASTING = ("ci", "letters", "lsp", "run", "runs", "serve", "test")
"""Commands that execute or follow runs, or serve: their garbage is collected. The others end before it is worth it."""


class Commands(click.Group):
    """Finds a command by its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people need them."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in SUMMARIES:
            return None
        module = f"{cmd_name}_" if cmd_name == "import" else cmd_name  # a keyword names no module
        return getattr(importlib.import_module(f"generator.commands.{module}"), module)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command where there is none of that name."""
        name = args[0]
        if name not in SUMMARIES and not name.startswith("-"):
            from generator.problems import nearest

            suggestion = nearest(name, SUMMARIES)
            ctx.fail(f'there is no command "{name}"' + (f"; {suggestion}" if suggestion.startswith("did") else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


def _root(_: click.Context, __: click.Parameter, value: Path) -> Path:
    return Path(os.path.realpath(value))  # click has looked whether it is there


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "APM"},
    epilog="Example: apm validate && apm render && apm run apm-cycle --env local",
)
@click.option("-C", "--directory", "root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".",
              callback=_root, help="Repository root (default: here).")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print findings and results only.")
@click.option("-v", "--verbose", count=True, help="Print more; twice for tracebacks of internal errors.")
@click.option("--color/--no-color", default=None, help="Colour (default: on a terminal).")
@click.pass_context
def app(context: click.Context, root: Path, quiet: bool, verbose: int, color: bool | None) -> None:
    """Specs in, a whole multi-agent system out: manifests, alerts, dashboards, backups, running workflows.

    People write specs/ and policies/; `apm` checks them as one connected model, renders rendered/ for Argo CD,
    and runs the workflows with one generic runtime.
    """
    if context.invoked_subcommand in LASTING:
        gc.enable()
    if color is None:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    context.color = color
    context.obj = {"root": root, "quiet": quiet, "verbose": verbose, "color": color}


def main(argv: list[str] | None = None) -> None:
    """Run a command and exit; no exception reaches the user as a traceback.

    Python's collector of cyclic garbage is off, but for commands that last: what a command makes lives until its end,
    and looking for cycles in it, also once more at the end, takes a sixth of the time.
    """
    gc.disable()
    try:
        code = app.main(args=argv, prog_name="apm", standalone_mode=False)
        sys.stdout.flush()  # here it can still be told
        gc.freeze()
        sys.exit(code if isinstance(code, int) else 0)
    except click.NoSuchOption as error:
        click.NoSuchOption(error.option_name, possibilities=_options(error), ctx=error.ctx).show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if not _is_output(error):
            sys.exit(_told(error, argv if argv is not None else sys.argv[1:]))
        with contextlib.suppress(OSError):  # what is left in the buffer can't be written either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo(f"error: the output can't be written: {error.strerror}", err=True)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is told in one sentence)
        sys.exit(_told(error, argv if argv is not None else sys.argv[1:]))


def _options(error: click.NoSuchOption) -> list[str]:
    """Return the options that `--help` shows and that look like the one that there is not."""
    shown = [p for p in error.ctx.command.params if isinstance(p, click.Option) and not p.hidden] if error.ctx else []
    return difflib.get_close_matches(error.option_name, [name for option in shown for name in option.opts])


def _is_output(error: OSError) -> bool:
    """Return whether an error comes from stdout: it names no file, and writing again fails too."""
    if error.filename is not None:
        return False
    try:
        sys.stdout.write("")
        sys.stdout.flush()
    except OSError:
        return True
    return error.errno == errno.ENOSPC


def _told(error: Exception, argv: list[str]) -> int:
    """Print an error that a command raised; problems of specs and failures speak for themselves."""
    message, hint = getattr(error, "message", None), getattr(error, "hint", "")
    if type(error).__name__ == "Failure" and isinstance(message, str):
        click.echo(f"error: {message}", err=True)
        if hint:
            click.echo(f"  help: {hint}", err=True)
        return 1
    if any(arg.startswith("-v") and arg.count("v") > 1 for arg in argv):
        raise error
    if isinstance(error, OSError) and error.filename is not None:
        click.echo(f"error: {error.filename} can't be used: {error.strerror}", err=True)
        return 1
    name = f"{type(error).__module__}.{type(error).__name__}"
    click.echo(f"error: apm itself failed ({name}: {_first_line(error)})", err=True)
    click.echo("  help: this is a bug; run again as `apm -vv ...` and report what it prints", err=True)
    return 1


def _first_line(error: Any) -> str:
    return (str(error).splitlines() or [""])[0][:200]
