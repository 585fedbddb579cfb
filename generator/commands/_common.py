"""What the commands share: the settings of `apm` itself, and how findings are printed."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from generator import conventions

if TYPE_CHECKING:
    from generator.model import Project
    from generator.pipeline import Specs
    from generator.problems import Problem

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("text", "json", "sarif", "github")

FOREIGN_HINT = "move it out of rendered/, or write a spec that says it"
"""What to do about a manifest in rendered/ that apm did not write."""


@dataclass(frozen=True)
class Terminal:
    """How to talk to the caller."""

    root: Path
    quiet: bool
    verbose: int
    color: bool

    @property
    def state_dir(self) -> Path:
        """The folder of the embedded store, for runs on this machine."""
        return self.root / conventions.STATE_DIR / "state"

    def say(self, text: str) -> None:
        """Print what is not a result; silent with `-q`."""
        if not self.quiet:
            click.echo(text, err=True)


def with_terminal(command: F) -> F:
    """Pass the `Terminal` as first argument; `-q` and `-v` are understood behind the command too."""

    def call(*args: Any, **options: Any) -> Any:
        said = click.get_current_context().obj
        quiet, verbose = options.pop("own_quiet"), options.pop("own_verbose")
        terminal = Terminal(**{**said, "quiet": said["quiet"] or quiet, "verbose": said["verbose"] + verbose})
        return command(terminal, *args, **options)

    call.__doc__, call.__name__ = command.__doc__, command.__name__
    call.__click_params__ = getattr(command, "__click_params__", [])  # pyright: ignore[reportFunctionMemberAccess]
    quiet = click.option("-q", "--quiet", "own_quiet", is_flag=True, hidden=True)
    verbose = click.option("-v", "--verbose", "own_verbose", count=True, hidden=True)
    return quiet(verbose(call))  # pyright: ignore[reportReturnType]


def format_option(command: F) -> F:
    """Add `--format text|json|sarif|github`."""
    return click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True,
                        help="How findings are printed.")(command)  # fmt: skip


def server_option(command: F) -> F:
    """Add `--server URL`."""
    return click.option("--server", metavar="URL", envvar="APM_SERVER", show_envvar=True,
                        help="Ask a runtime that runs elsewhere; its key is in APM_API_KEY.")(command)  # fmt: skip


def live_options(command: F) -> F:
    """Add `--kubeconfig FILE` and `--context NAME`."""
    file = click.option("--kubeconfig", type=click.Path(dir_okay=False, path_type=Path),
                        help="How to reach the cluster (default: $KUBECONFIG, ~/.kube/config).")  # fmt: skip
    return file(click.option("--context", metavar="NAME", help="Context of the kubeconfig.")(command))


def apm_version() -> str:
    """Return the version of apm; the only place where it comes from is pyproject.toml."""
    return version("apm")


def program() -> str:
    """Return how `apm` is called from here: by its name where the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "apm" and not shutil.which("apm") else "apm"


def print_problems(problems: Sequence["Problem"], files: Mapping[str, str], form: str, terminal: Terminal) -> None:
    """Print findings to stdout in one of the formats."""
    from generator import problems as p

    if form == "json":
        click.echo(p.as_json(problems))
    elif form == "sarif":
        click.echo(p.as_sarif(problems, apm_version()))
    elif problems:
        click.echo(p.as_github(problems) if form == "github" else p.as_text(problems, files, color=terminal.color))


def texts(root: Path, problems: Iterable["Problem"]) -> dict[str, str]:
    """Return the texts of the files in which there are findings; links, and what lies outside, are never opened."""
    found: dict[str, str] = {}
    for name in {p.place.file for p in problems}:
        path = root / name
        if is_inside(root, path) and path.is_file() and path.stat().st_size < 1 << 22:
            with contextlib.suppress(OSError):  # that it can't be read is one of the findings
                found[name] = path.read_text(encoding="utf-8-sig", errors="replace")
    return found


def is_inside(root: Path, path: Path) -> bool:
    """Return whether a file lies in the repository and is reached without a link: nothing else is ever shown."""
    return Path(os.path.realpath(path)) == root.resolve() / path.relative_to(root)


def count(problems: Sequence["Problem"]) -> str:
    """Return `2 errors, 1 warning in 2 files`."""
    from generator.problems import plural

    errors = sum(p.severity == "error" for p in problems)
    parts = [plural(errors, "error")] if errors else []
    if len(problems) > errors:
        parts.append(plural(len(problems) - errors, "warning"))
    return f"{', '.join(parts)} in {plural(len({p.place.file for p in problems}), 'file')}"


def checked(terminal: Terminal) -> "Specs":
    """Return the specs of the repository, or print what is wrong with them and exit 1."""
    from generator import pipeline
    from generator.problems import Rejected

    try:
        return pipeline.check(terminal.root)
    except Rejected as rejected:
        refused(rejected.problems, terminal)


def project(terminal: Terminal, environment: str) -> "Project":
    """Return the project of one environment, or print what is wrong with the specs and exit 1."""
    from generator.pipeline import build_all
    from generator.problems import Rejected

    try:
        return build_all(terminal.root, (environment,)).environments[environment].project
    except Rejected as rejected:
        refused(rejected.problems, terminal)


def refused(problems: Sequence["Problem"], terminal: Terminal) -> NoReturn:
    """Print what is wrong with the specs and exit 1."""
    print_problems(problems, texts(terminal.root, problems), "text", terminal)
    terminal.say(count(problems))
    raise click.exceptions.Exit(1)
