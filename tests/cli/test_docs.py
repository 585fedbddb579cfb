"""Commands and specs in the documentation are what there is, and the README shows what one would see."""

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest

from generator.cli import app
from generator.compose import documents
from generator.parse import parse
from generator.pipeline import KINDS
from generator.problems import Problem
from tests.cli.conftest import Apm

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


SPEC = re.compile(r"^( *)```yaml\n(\1(?:#[^\n]*\n)?apiVersion: apm/v1\n.*?)^\1```$", re.MULTILINE | re.DOTALL)
AGENT = """\
apiVersion: apm/v1
kind: Agent
metadata: {name: writer}
spec:
  role: writer
  instructions: prompts/writer.md
  model: default
  output: {type: object, required: [text, sure], properties: {text: {type: string}, sure: {type: boolean}}}
---
apiVersion: apm/v1
kind: Team
metadata: {name: support}
spec: {title: Support, mail: support@example.com}
"""


def specs() -> Iterator[tuple[str, str]]:
    """Yield each whole spec with the page that it stands on."""
    for page in PAGES:
        for indent, text in SPEC.findall(page.read_text(encoding="utf-8")):
            yield page.relative_to(ROOT).as_posix(), re.sub(f"^{indent}", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(("page", "text"), [*specs()], ids=lambda value: value.split("\n")[0])
def test_a_spec_in_the_documentation_is_well_formed(page: str, text: str) -> None:
    problems: list[Problem] = []
    _, found = parse(documents(page, text, problems), KINDS)
    assert [*problems, *found] == []


def test_the_example_of_the_readme_is_valid_and_its_mistake_is_told_as_there(apm: Apm, repository: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = (text for page, text in specs() if page == "README.md")
    (repository / "specs/workflows/answer.yaml").write_text(example)
    (repository / "specs/agents/writer.yaml").write_text(AGENT)
    (repository / "specs/agents/prompts/writer.md").write_text("{{ input.question }}\n")
    right = apm("validate")
    assert (right.code, "error:" in right.out) == (0, False), right.out
    (repository / "specs/workflows/answer.yaml").write_text(example.replace("agent: writer", "agent: writr"))
    (told,) = re.findall(r"^specs/.*dead-reference.*$", apm("validate").out, re.MULTILINE)
    assert f"\n{told}\n" in readme
