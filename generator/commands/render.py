"""`apm render`: rendered/ is made to hold what the specs say, or compared with it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import (
    FOREIGN_HINT,
    Terminal,
    count,
    format_option,
    print_problems,
    texts,
    with_terminal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.write import Change


@click.command(epilog="Example: apm render --env staging --check")
@click.option("--env", "names", multiple=True, metavar="NAME", help="Environment (repeatable; default: all).")
@click.option("--check", is_flag=True, help="Write nothing; exit 3 when rendered/ differs from the specs.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write here instead of rendered/.")
@click.option("--no-cache", is_flag=True, help="Render everything again, whatever was rendered before.")
@click.option("--allow-delete", type=click.IntRange(min=0), default=0, metavar="N",
              help="Objects that may be deleted, protected kinds included.")  # fmt: skip
@format_option
@with_terminal
def render(terminal: Terminal, names: tuple[str, ...], check: bool, out: Path | None, no_cache: bool, allow_delete: int,
           form: str) -> None:  # fmt: skip
    """Write what the specs say to rendered/, or compare with it.

    Whole environments are swapped in: a bad spec or an interruption leaves rendered/ as it was. Only files that apm
    wrote are changed or deleted; manifests of others, where Argo CD would apply them, are named, and --check fails.
    """
    from generator import cache
    from generator.links import followed

    target = followed(out) if out else terminal.root / "rendered"
    key = cache.key(terminal.root, target, names)
    if not no_cache and cache.fresh(terminal.root, key):
        terminal.say("rendered/ is up to date (nothing changed since the last render)")
        return
    context = click.get_current_context()
    context.exit(_render(terminal, names, check, target, allow_delete, form, key))


def _render(
    terminal: Terminal, names: tuple[str, ...], check: bool, target: Path, allow_delete: int, form: str, key: str
) -> int:
    from generator import cache, ownership, write
    from generator.pipeline import build_all
    from generator.problems import Rejected

    try:
        built = build_all(terminal.root, names)
    except Rejected as rejected:
        print_problems(rejected.problems, texts(terminal.root, rejected.problems), form, terminal)
        terminal.say(f"{count(rejected.problems)}; {target.name}/ was not touched")
        return 1
    print_problems(built.warnings, texts(terminal.root, built.warnings), form, terminal)
    contents = built.files()
    with write.only_one(terminal.root):
        changes = {env: write.compare(files, target, env) for env, files in contents.items()}
        stale = ownership.left_over(target, built.known) if not names else ()
        foreign = ownership.foreign(target, built.known, names)
        if check:
            return _compared(terminal, contents, changes, stale, foreign, target)
        _written(terminal, contents, changes, stale, target, allow_delete)
        if foreign:
            _warn(terminal, foreign, target)
        else:  # what is remembered has nothing to be said about
            cache.remember(terminal.root, key, target, contents)
    return 0


def _warn(terminal: Terminal, foreign: tuple[str, ...], target: Path) -> None:
    for path in foreign:
        terminal.say(f"warning: {target.name}/{path} is not from apm, and Argo CD would apply it; it was left alone")
    terminal.say(f"  help: {FOREIGN_HINT}; until then `apm render --check` fails")


def _compared(
    terminal: Terminal,
    contents: "Mapping[str, Mapping[str, bytes]]",
    changes: "Mapping[str, Change]",
    stale: tuple[str, ...],
    foreign: tuple[str, ...],
    target: Path,
) -> int:
    from generator import write
    from generator.problems import plural

    differing = [
        (env, path) for env, change in changes.items() for path in (*change.changed, *change.added, *change.deleted)
    ]
    for environment in stale:
        click.echo(f"{target.name}/{environment}: there is no such environment any more")
    for path in foreign:
        click.echo(f"{target.name}/{path}: is not from apm, and Argo CD would apply it\n  help: {FOREIGN_HINT}")
    if not differing and not stale and not foreign:
        terminal.say(f"{target.name}/ is what the specs say ({plural(sum(len(f) for f in contents.values()), 'file')})")
        return 0
    for environment, path in differing[:20]:
        first = write.first_difference(contents[environment], target, path)
        click.echo(f"{target.name}/{first.path}:{first.line}: {first.whole or 'differs from the specs'}")
        if not first.whole:
            click.echo(f"  specs say: {first.expected or '(nothing)'}\n  it holds:  {first.found or '(nothing)'}")
    if len(differing) > 20:
        click.echo(f"... and {len(differing) - 20} more files")
    if differing or stale:
        terminal.say(f"{len(differing) + len(stale)} of them differ; run `apm render` and commit the result")
    if foreign:
        terminal.say(f"{len(foreign)} of them {'is' if len(foreign) == 1 else 'are'} not from apm")
    return 3


def _written(
    terminal: Terminal,
    contents: "Mapping[str, Mapping[str, bytes]]",
    changes: "Mapping[str, Change]",
    stale: tuple[str, ...],
    target: Path,
    allow_delete: int,
) -> None:
    from generator import write
    from generator.problems import plural

    for environment, change in changes.items():
        write.guard(change, environment, allow_delete)
    for environment in stale:
        write.guard(write.compare({}, target, environment), environment, allow_delete)
    for environment, change in changes.items():
        if change:
            write.write(contents[environment], target, environment, change)
        terminal.say(f"{target.name}/{environment}: {plural(len(contents[environment]), 'file')}, {_summary(change)}")
    for environment in stale:
        write.remove(target, environment)
        terminal.say(f"{target.name}/{environment}: removed, there is no such environment any more")


def _summary(change: "Change") -> str:
    parts = [
        f"{len(paths)} {word}"
        for word, paths in (("added", change.added), ("changed", change.changed), ("deleted", change.deleted))
        if paths
    ]
    return ", ".join(parts) or "nothing changed"
