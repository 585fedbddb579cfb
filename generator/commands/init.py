"""`apm init`: a small GitOps repository to start from."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from generator import forms
from generator.commands._common import Terminal, with_terminal
from generator.links import followed

TEMPLATES = Path(__file__).parent.parent / "templates" / "init"
POLICIES = Path(__file__).parent.parent / "templates" / "policies"
"""The policies that apm ships; this repository keeps them where every repository does, in policies/."""


@click.command(epilog="Example: apm init my-agents && cd my-agents && apm validate")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_terminal
def init(terminal: Terminal, folder: Path) -> None:
    """Make a small GitOps repository that validates, renders and runs at once.

    It is written to FOLDER. Files that are there are never overwritten.
    """
    from generator import conventions
    from generator.documentation.schema import files as schemas
    from generator.pipeline import KINDS
    from generator.problems import Failure, plural

    name = _name(folder)
    files = {folder / path: text for path, text in _rendered(name)}
    files |= {folder / "policies" / path.name: path.read_text() for path in sorted(POLICIES.glob("*.yaml"))}
    files |= {folder / conventions.STATE_DIR / "schema" / path: text for path, text in schemas(KINDS.values()).items()}
    caches = folder / conventions.STATE_DIR
    if existing := sorted(path for path in files if path.exists() and not path.is_relative_to(caches)):
        raise Failure(f"{existing[0]} is there already; nothing was written", "choose a new or empty folder")
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    except OSError as error:
        raise Failure(f"{error.filename} can't be written: {error.strerror}") from None
    enter = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    terminal.say(f"{plural(len(files), 'file')} in {folder}; next: {enter}apm validate && apm render")
    terminal.say("then: apm run hello --env local --input examples/hello.json")


def _name(folder: Path) -> str:
    """Return the folder's name as a DNS-1123 label."""
    return forms.name(followed(folder).name)[:50].strip("-") or "agents"


def _rendered(name: str) -> Iterator[tuple[Path, str]]:
    import jinja2

    environment = jinja2.Environment(
        variable_start_string="[[", variable_end_string="]]", block_start_string="[%", block_end_string="%]",
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False,  # noqa: S701  (YAML, not HTML)
    )  # fmt: skip
    for path in sorted(TEMPLATES.rglob("*")):
        if path.is_file():
            yield path.relative_to(TEMPLATES), environment.from_string(path.read_text()).render(name=name)
