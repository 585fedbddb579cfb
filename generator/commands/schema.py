"""`apm schema`: JSON Schemas of all kinds, for editors."""

from pathlib import Path

import click

from generator.commands._common import Terminal, with_terminal


@click.command(epilog="Example: apm schema --out .apm/schema; docs/editors.md says what to do with it")
@click.argument("kind", required=False)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write one file a kind and all.json here."
)
@with_terminal
def schema(terminal: Terminal, kind: str | None, out: Path | None) -> None:
    """Write JSON Schemas of all kinds, for editors.

    Without --out the schema of one KIND, or the combined one, is printed.
    """
    from generator.documentation.schema import combined, files, of_kind, text
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest

    if kind is not None and kind not in KINDS:
        raise Failure(f'there is no kind "{kind}"', nearest(kind, KINDS))
    if out is None:
        click.echo(text(of_kind(KINDS[kind]) if kind else combined(KINDS.values())), nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files(KINDS.values()).items():
        if kind is None or name in (f"{kind.lower()}.json", "all.json"):
            (out / name).write_text(content)
    terminal.say(f"schemas written to {out}")
