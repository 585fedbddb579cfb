"""Editors with nothing but a YAML language server check, complete and explain specs by `apm schema`."""

import json
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest_asyncio
from lsprotocol import types as lsp

from tests.cli.conftest import call
from tests.editor.client import Editor
from tests.rigs.tools import tool

ROOT = Path(__file__).parents[2]
AGENT = "specs/agents/greeter.yaml"
WORKFLOW = "specs/workflows/hello.yaml"
MODELINE = "# yaml-language-server: $schema="


def settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a repository as VS Code hands them over: by section."""
    written: dict[str, Any] = json.loads((folder / ".vscode/settings.json").read_text())
    yaml = {name.removeprefix("yaml."): value for name, value in written.items() if name.startswith("yaml.")}
    return {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}, **yaml}}


@pytest_asyncio.fixture
async def editor(repository: Path) -> AsyncGenerator[Editor]:
    """A repository as `apm init` makes it, in an editor with the real yaml-language-server."""
    one = Editor(repository, (str(tool("yaml-language-server")), "--stdio"), settings(repository))
    await one.start()
    yield one
    assert await one.stop() == 0


async def test_what_init_writes_is_clean_and_mistakes_are_marked(editor: Editor) -> None:
    for file in sorted((editor.root / "specs").rglob("*.yaml")):
        name = file.relative_to(editor.root).as_posix()
        editor.open(name)
        assert await editor.findings(name) == [], name
    editor.replace(AGENT, "  model: default", "  modle: default")
    found = {editor.marked(AGENT, one): one.message for one in await editor.findings(AGENT)}
    assert "modle" in found, found
    editor.replace(WORKFLOW, "onTimeout: reject", "onTimeout: reject\n        timeout: 5")
    assert await editor.findings(WORKFLOW) != []
    editor.type(WORKFLOW, (editor.root / WORKFLOW).read_text().replace("type: boolean", "type: bolean", 1))
    found = {editor.marked(WORKFLOW, one): one.message for one in await editor.findings(WORKFLOW)}
    assert "bolean" in found, found
    assert "boolean" in found["bolean"]


async def test_the_settings_do_without_the_modeline(editor: Editor) -> None:
    text = "".join(line for line in (editor.root / AGENT).read_text().splitlines(True) if MODELINE not in line)
    editor.open(AGENT, text.replace("  model: default", "  modle: default"))
    assert "modle" in {editor.marked(AGENT, one) for one in await editor.findings(AGENT)}


async def test_keys_and_values_are_offered_with_our_docs(editor: Editor) -> None:
    editor.open(AGENT)
    await editor.findings(AGENT)
    editor.replace(AGENT, "  model: default\n", "  model: default\n  \n")
    found = await editor.completions(AGENT, "  model: default\n  ")
    assert "permissions" in found
    doc = found["tools"].documentation
    assert "Tools that it may see." in (doc.value if isinstance(doc, lsp.MarkupContent) else str(doc))
    editor.open(WORKFLOW)
    await editor.findings(WORKFLOW)
    editor.replace(WORKFLOW, "type: boolean", "type: ")
    assert {"boolean", "string"} <= {
        label.strip('"') for label in await editor.completions(WORKFLOW, "formal: {type: ")
    }


async def test_the_mouse_shows_our_docs(editor: Editor) -> None:
    editor.open(AGENT)
    await editor.findings(AGENT)
    assert "Model that answers." in await editor.hover(AGENT, "model: default")
    editor.open(WORKFLOW)
    await editor.findings(WORKFLOW)
    assert "Name of the step" in await editor.hover(WORKFLOW, "id: write")


async def test_the_reference_system_is_clean(tmp_path: Path) -> None:
    for folder in ("specs", "policies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    assert call(tmp_path, "schema", "--out", ".apm/schema").code == 0
    shutil.copytree(ROOT / "generator/templates/init/.vscode", tmp_path / ".vscode")
    editor = Editor(tmp_path, (str(tool("yaml-language-server")), "--stdio"), settings(tmp_path))
    await editor.start()
    for file in sorted([*(tmp_path / "specs").rglob("*.yaml"), *(tmp_path / "policies").glob("*.yaml")]):
        name = file.relative_to(tmp_path).as_posix()
        editor.open(name)
        found = [f"{one.range.start.line + 1}: {one.message}" for one in await editor.findings(name)]
        assert found == [], name
    assert await editor.stop() == 0
