"""`apm fmt`: spec files in their one form."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from generator.commands._common import Terminal, count, print_problems, texts, with_terminal
from generator.problems import Failure, Problem


@click.command(epilog="Example: apm fmt --check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is not in its form.")
@with_terminal
def fmt(terminal: Terminal, paths: tuple[Path, ...], check: bool) -> None:
    """Order the keys of specs and indent them; comments stay.

    PATHS are files and folders; without them, all specs and policies. Quotes, block scalars and flow style stay as they
    are written. A file whose meaning would change, or that is no valid YAML, is left alone and reported.
    """
    from generator.formatting import formatted
    from generator.pipeline import KINDS

    found: list[Problem] = []
    changed = 0
    for path in _files(terminal.root, paths):
        written = _text(path)
        name = path.relative_to(terminal.root).as_posix() if path.is_relative_to(terminal.root) else str(path)
        made = formatted(name, written.removeprefix("\ufeff").replace("\r\n", "\n"), KINDS)
        found += made.problems
        if made.problems or made.text == written:
            continue
        changed += 1
        click.echo(f"{'not formatted' if check else 'formatted'}: {name}")
        if not check:
            path.write_text(made.text, encoding="utf-8", newline="\n")
    print_problems(found, texts(terminal.root, found), "text", terminal)
    terminal.say(_summary(found, changed, check=check))
    click.get_current_context().exit(1 if found or (check and changed) else 0)


def _summary(found: list[Problem], changed: int, *, check: bool) -> str:
    files, done = "file" if changed == 1 else "files", "not in their form" if check else "formatted"
    told = f"{changed} {files} {done}" if changed else "all in their form"
    return f"{told}; {count(found)}" if found else told


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} can't be read", str(error)) from error


def _files(root: Path, paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the spec files that are meant, each once and in order."""
    from generator import conventions
    from generator.links import followed
    from generator.vendoring import VENDOR

    tops = paths or (root / conventions.SPECS, root / conventions.POLICIES)
    for path in paths:
        if path.is_file() and not _is_spec(path):
            raise Failure(f"{path} is no spec file", "specs are .yaml or .yml files; written replies are none")
    below = [path for top in tops for path in (sorted(top.rglob("*")) if top.is_dir() else [top])]
    found = [Path(os.path.realpath(path)) for path in below]
    copies = followed(root / VENDOR)
    for path in dict.fromkeys(found):
        if path.is_file() and _is_spec(path) and not path.is_relative_to(copies):  # they are what their repository says
            yield path


def _is_spec(path: Path) -> bool:
    from generator import conventions

    return path.suffix in (".yaml", ".yml") and not path.name.endswith(conventions.DATA_SUFFIXES)
