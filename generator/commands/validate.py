"""`apm validate`: all problems of all files in one run."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from generator.commands._common import Terminal, count, format_option, print_problems, texts, with_terminal
from generator.links import followed
from generator.problems import Fix, Problem, Rejected

ROUNDS = 10
"""How often `--fix` checks again: what is repaired may let a later stage find more."""


@click.command(epilog="Example: apm validate specs/agents --format github")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@format_option
@click.option(
    "--fix", is_flag=True, help="Repair what can be repaired safely: misspelt names and keys, missing quotes."
)
@with_terminal
def validate(terminal: Terminal, paths: tuple[Path, ...], form: str, fix: bool) -> None:
    """Check all specs and print every problem.

    The specs are always checked as a whole; with PATHS only the problems below these files and folders are printed
    and counted, and only these are repaired. Copies of other repositories are never repaired. Rendered objects are
    checked too: against the schemas of each environment's Kubernetes version and against the policies.
    """
    chosen = _found(terminal.root, paths)
    if fix:
        chosen = _fixed(terminal, paths, chosen)
    print_problems(chosen, texts(terminal.root, chosen), form, terminal)
    if form == "text":
        terminal.say(count(chosen) if chosen else "no problems")
    click.get_current_context().exit(any(p.severity == "error" for p in chosen))


def _found(root: Path, paths: tuple[Path, ...]) -> tuple[Problem, ...]:
    from generator.pipeline import build_all

    try:
        problems = build_all(root).warnings
    except Rejected as rejected:
        problems = rejected.problems
    return tuple(p for p in problems if _below(root, p, paths))


def _below(root: Path, problem: Problem, paths: tuple[Path, ...]) -> bool:
    file = Path(os.path.realpath(root / problem.place.file))  # `resolve` would raise where links form a circle
    return not paths or any(file.is_relative_to(followed(path)) for path in paths)


# --- repairs --------------------------------------------------------------------------------------------------------


def _fixed(terminal: Terminal, paths: tuple[Path, ...], problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Repair what findings offer, check again, and return what is left; what was changed goes to stderr."""
    from generator.fixing import offered
    from generator.rules import secrecy
    from generator.vendoring import VENDOR

    for _ in range(ROUNDS):
        ours = [
            fix for fix in offered(problems) if not fix.place.file.startswith(f"{VENDOR}/")
        ]  # copies stay as pinned
        made = _written(terminal.root, ours)
        for one in made:
            click.echo(secrecy.mask(f"fixed {one.place}: {one.written} -> {one.replacement}"), err=True)
        if not made:
            break
        problems = _found(terminal.root, paths)
    return problems


def _written(root: Path, fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    from generator.fixing import repaired

    made: list[Fix] = []
    for file in dict.fromkeys(fix.place.file for fix in fixes):
        path = root / file
        text, done = repaired(path.read_bytes().decode(), [fix for fix in fixes if fix.place.file == file])
        if done:
            path.write_bytes(text.encode())
            made += done
    return tuple(made)
