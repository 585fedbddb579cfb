"""`apm validate`: all problems of all files in one run."""

from pathlib import Path

import click

from generator.commands._common import Terminal, count, format_option, print_problems, texts, with_terminal
from generator.problems import Problem, Rejected


@click.command(epilog="Example: apm validate specs/agents --format github")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@format_option
@with_terminal
def validate(terminal: Terminal, paths: tuple[Path, ...], form: str) -> None:
    """Check all specs and print every problem.

    The specs are always checked as a whole; with PATHS only the problems below these files and folders are printed
    and counted. Rendered objects are checked too: against the schemas of each environment's Kubernetes version and
    against the policies.
    """
    from generator.pipeline import build_all

    try:
        problems = build_all(terminal.root).warnings
    except Rejected as rejected:
        problems = rejected.problems
    chosen = tuple(p for p in problems if _below(terminal.root, p, paths))
    print_problems(chosen, texts(terminal.root, chosen), form, terminal)
    if form == "text":
        terminal.say(count(chosen) if chosen else "no problems")
    click.get_current_context().exit(any(p.severity == "error" for p in chosen))


def _below(root: Path, problem: Problem, paths: tuple[Path, ...]) -> bool:
    file = (root / problem.place.file).resolve()
    return not paths or any(file.is_relative_to(path.resolve()) for path in paths)
