"""`apm codeowners`: who approves what, as the code host reads it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, checked, print_problems, texts, with_terminal

if TYPE_CHECKING:
    from generator.codeowners import Host


@click.command(epilog="Example: apm codeowners && git add CODEOWNERS")
@click.option("--check", is_flag=True, help="Write nothing; exit 3 when the file differs from the Team specs.")
@click.option("--host", type=click.Choice(["github", "gitlab"]), help="Whose rules (default: GitLab's in .gitlab/).")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE",
              help="File below the repository root (default: the one that is there, or CODEOWNERS).")  # fmt: skip
@with_terminal
def codeowners(terminal: Terminal, check: bool, host: "Host | None", out: str | None) -> None:
    """Write who approves what to CODEOWNERS, from the Team specs.

    Only the lines between `# apm: begin` and `# apm: end` are written; everything else in the file stays.
    """
    from generator import codeowners as owners
    from generator.problems import Failure

    teams = checked(terminal).written.all("Team")
    found = list(owners.problems(teams, terminal.root))
    print_problems(found, texts(terminal.root, found), "text", terminal)
    if found:
        raise click.exceptions.Exit(1)
    name = out or owners.place(terminal.root)
    text = owners.block(teams, terminal.root, host or ("gitlab" if name.startswith(".gitlab") else "github"))
    before = _read(terminal.root / name)
    after = owners.updated(before, text)
    if before == after:
        terminal.say(f"{name} is what the Team specs say")
    elif check:
        click.echo(f"{name} differs from the Team specs; run `apm codeowners` and commit the result")
        raise click.exceptions.Exit(3)
    else:
        try:
            (terminal.root / name).parent.mkdir(parents=True, exist_ok=True)
            (terminal.root / name).write_text(after, encoding="utf-8")
        except OSError as error:
            raise Failure(f"{name} can't be written: {error.strerror}") from None
        terminal.say(f"{name} written")


def _read(path: Path) -> str:
    from generator.problems import Failure

    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path.name} can't be read: {error}") from None
