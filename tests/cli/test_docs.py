"""Every `apm` command in the documentation has the options and arguments that it is written with."""

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest

from generator.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "runtime/image/README.md"]
CALL = re.compile(r"^(?: {4}|\$ )?(apm [^#`\n]*)|`(apm [^`\n]*)`", re.MULTILINE)
PLACEHOLDER = re.compile(r"[A-Z|.]+")
"""`COMMAND`, or a choice such as `list|show`, stand for what is not there."""


def calls() -> Iterator[tuple[str, str]]:
    """Yield each command with the page that it stands on; of several in one line, the first ones too."""
    for page in PAGES:
        for found in CALL.finditer(page.read_text(encoding="utf-8")):
            for call in re.split(r"&&|;|\s>\s", found[1] or found[2]):
                if call.strip().startswith("apm "):
                    yield page.relative_to(ROOT).as_posix(), call.strip()


@pytest.mark.parametrize(("page", "call"), dict.fromkeys(calls()))
def test_a_command_in_the_documentation_is_understood(page: str, call: str) -> None:
    del page  # for the name of the case
    arguments = shlex.split(call)[1:]
    context = click.Context(app, info_name="apm")
    command: click.Command = app
    while isinstance(command, click.Group):
        _, rest, _ = command.make_parser(context).parse_args(list(arguments))
        if not rest or PLACEHOLDER.search(rest[0]):
            return
        found = command.get_command(context, rest[0])
        assert found, f"there is no command {rest[0]}"
        context, command, arguments = click.Context(found, context, rest[0]), found, rest[1:]
    with suppress(click.BadOptionUsage):  # in a sentence, an option may stand without its value
        command.make_parser(context).parse_args(list(arguments))
