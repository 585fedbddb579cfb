"""`apm serve`: the runtime's roles on this machine."""

from pathlib import Path

import click

from generator.commands._common import Terminal, with_terminal


@click.command(epilog="Example: apm serve --role all --env local --port 8080")
@click.option("--role", type=click.Choice(["all", "api", "worker", "scheduler"]), default="all", show_default=True)
@click.option(
    "--env", "environment", default="local", show_default=True, metavar="NAME", help="Environment whose overlays apply."
)
@click.option("--host", help="Address to listen on (default 127.0.0.1; another one needs APM_API_KEYS).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port (default 8080; 0 takes a free one).")
@click.option("--spec-dir", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Serve rendered workflow documents from here instead of the specs.")  # fmt: skip
@click.option(
    "--replies",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answer from this file instead of a model.",
)
@with_terminal
def serve(terminal: Terminal, role: str, environment: str, host: str | None, port: int | None, spec_dir: Path | None,
          replies: Path | None) -> None:  # fmt: skip
    """Serve the HTTP API, execute runs, keep schedules.

    Changed specs take new runs without a restart.

    Until SIGTERM or Ctrl-C; work in flight is handed back at the next step.
    """
    from generator.commands._runtime import runtime_cli, source

    runtime_cli().serve(
        None if spec_dir else source(terminal, environment),
        role=role,
        host=host,
        port=port,
        spec_dir=spec_dir,
        state_dir=terminal.state_dir,
        provider="scripted" if replies else None,
        replies=replies,
        echo=terminal.say,
    )
