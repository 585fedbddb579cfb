"""The hooks for pre-commit do what their names say, in a repository that `apm init` has made."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Apm

ROOT = Path(__file__).parents[2]
HOOKS: dict[str, dict[str, Any]] = {h["id"]: h for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def run(apm: Apm, hook: str, *files: str) -> int:
    """Run a hook as pre-commit would, when these files have changed."""
    said = HOOKS[hook]
    skipped = re.compile(said.get("exclude", "^$"))
    chosen = [file for file in files if re.search(said["files"], file) and not skipped.search(file)]
    if not chosen:
        return 0
    program, *arguments = said["entry"].split()
    assert program == "apm"
    return apm(*arguments, *(chosen if said.get("pass_filenames", True) else ())).code


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_passes_in_a_fresh_repository(apm: Apm, repository: Path, hook: str) -> None:
    files = [path.relative_to(repository).as_posix() for path in repository.rglob("*") if path.is_file()]
    assert run(apm, hook, *sorted(files)) == 0
    assert HOOKS[hook]["language"] == "python"


def test_a_mistake_stops_the_commit(apm: Apm, repository: Path) -> None:
    file = repository / "specs/agents/greeter.yaml"
    file.write_text(file.read_text().replace("model: default", "model: defalt"))
    assert run(apm, "apm-validate", "README.md") == 0
    assert run(apm, "apm-validate", "specs/agents/greeter.yaml") == 1


def test_a_spec_that_was_not_rendered_stops_the_commit(apm: Apm, repository: Path) -> None:
    file = repository / "specs/workflows/hello.yaml"
    file.write_text(file.read_text().replace("maxSteps: 10", "maxSteps: 11"))
    assert run(apm, "apm-render", "specs/workflows/hello.yaml") == 3


def test_a_file_in_another_form_is_written_anew(apm: Apm, repository: Path) -> None:
    file = repository / "specs/agents/greeter.yaml"
    form = file.read_text()
    file.write_text(form.replace("  role: writes greetings\n", "").rstrip() + "\n  role: writes greetings\n")
    run(apm, "apm-fmt", "specs/agents/greeter.yaml", "specs/tests/x.replies.yaml")
    assert file.read_text() == form
