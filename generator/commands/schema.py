"""`apm schema`: JSON Schemas of all kinds, for editors."""

import json
from pathlib import Path
from typing import Any

import click

from generator.commands._common import Terminal, with_terminal


@click.command(
    epilog="Example: apm schema --out .apm/schema, then `# yaml-language-server: $schema=.apm/schema/all.json`"
)
@click.argument("kind", required=False)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write one file a kind and all.json here."
)
@with_terminal
def schema(terminal: Terminal, kind: str | None, out: Path | None) -> None:
    """Write JSON Schemas of all kinds, for editors.

    Without --out the schema of one KIND, or the combined one, is printed.
    """
    from generator.documentation.schema import combined, of_kind
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest

    if kind is not None and kind not in KINDS:
        raise Failure(f'there is no kind "{kind}"', nearest(kind, KINDS))
    if out is None:
        click.echo(_text(of_kind(KINDS[kind]) if kind else combined(KINDS.values())), nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name in [kind] if kind else KINDS:
        (out / f"{name.lower()}.json").write_text(_text(of_kind(KINDS[name])))
    (out / "all.json").write_text(_text(combined(KINDS.values())))
    terminal.say(f"schemas written to {out}")


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
