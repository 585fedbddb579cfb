"""The reference pages under docs/reference/, made from the models, checks, metrics and commands themselves.

python -m generator.documentation.reference          writes them (`make docs`)
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from generator import cli
from generator.codes import pages as code_pages
from generator.documentation import fields, functions, http_api
from generator.documentation.fields import FieldDoc
from generator.model import Kind, Metadata
from generator.pipeline import CHECKS, KINDS
from runtime.steps import NODES
from runtime.telemetry import CATALOGUE

FOLDER = Path("docs/reference")
EXAMPLES = Path("tests/conformance/kinds")
NOTE = "<!-- Made by `make docs` from the code; edits here are lost. -->\n\n"


def pages() -> dict[Path, str]:
    """Return the text of every reference page, by path below the repository root."""
    found = {FOLDER / "kinds" / f"{name.lower()}.md": _kind(kind) for name, kind in KINDS.items()}
    found[FOLDER / "kinds" / "README.md"] = _kinds()
    found[FOLDER / "steps.md"] = _steps()
    found[FOLDER / "codes.md"] = _codes()
    found[FOLDER / "metrics.md"] = _metrics()
    found[FOLDER / "commands.md"] = _commands()
    found[FOLDER / "functions.md"] = functions.page()
    found[FOLDER / "http-api.md"] = http_api.page()
    return {path: NOTE + text for path, text in found.items()}


def doc_of(kind: Kind) -> str:
    """Return the docstring of a kind's module."""
    return (inspect.getmodule(kind.resolve).__doc__ or "").strip()


def _kinds() -> str:
    rows = "\n".join(
        f"| [{name}]({name.lower()}.md) | {doc_of(kind).splitlines()[0]} |" for name, kind in KINDS.items()
    )
    common = "\n".join(_rows(fields.of(Metadata), ""))
    head = "# Kinds of specs\n\n| kind | what it is |\n|---|---|\n"
    return f"{head}{rows}\n\nEvery spec has the same `metadata`:\n\n{_HEAD}{common}\n"


_HEAD = "| field | type | default | meaning |\n|---|---|---|---|\n"


def _kind(kind: Kind) -> str:
    rows = "\n".join(_rows(fields.of(kind.spec), ""))
    return f"# {kind.name}\n\n{doc_of(kind)}\n\nFields of `spec`:\n\n{_HEAD}{rows}\n{_example(kind.name)}"


def _example(name: str) -> str:
    """Return the example by which the conformance suite knows that the kind works."""
    examples = sorted(EXAMPLES.glob(f"{name}/good*.yaml"))
    return f"\n## Example\n\n```yaml\n{examples[0].read_text().strip()}\n```\n" if examples else ""


def _steps() -> str:
    parts = ["# Steps\n\nEvery step has an `id` and exactly one verb. What all steps may say:\n\n" + _HEAD]
    common = fields.of(next(iter(NODES.values())).step.__mro__[1])
    names = {field.name for field in common}
    parts.append("\n".join(_rows(common, "")) + "\n")
    for name, node in NODES.items():
        own = tuple(f for f in fields.of(node.step) if f.name not in names)
        rows = "\n".join(_rows(own, ""))
        parts.append(f"\n## {name}\n\n{(node.step.__doc__ or '').strip()}\n\n{_HEAD}{rows}\n")
    return "".join(parts)


def _rows(found: tuple[FieldDoc, ...], prefix: str, depth: int = 0) -> Iterator[str]:
    for field in found:
        name = f"{prefix}{field.name}"
        default = (
            "**required**"
            if field.required
            else f"`{_default(field.default)}`"
            if field.default not in (None, "", [], {})
            else ""
        )
        yield f"| `{name}` | {_cell(field.kind)} | {_cell(default)} | {_cell(field.doc)} |"
        if field.model is not None and field.kind != "step" and depth < 4:
            below = (
                f"{name}[]."
                if field.kind.startswith("list")
                else f"{name}.*."
                if field.kind.startswith("mapping of")
                else f"{name}."
            )
            yield from _rows(field.fields, below, depth + 1)


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _codes() -> str:
    known = code_pages({name: inspect.getmodule(check.run).__doc__ or "" for name, check in CHECKS.items()})
    body = "\n".join(f"## {code}\n\n{text.strip()}\n" for code, text in sorted(known.items()))
    contents = "\n".join(f"* [{code}](#{code}): {text.strip().splitlines()[0]}" for code, text in sorted(known.items()))
    return f"# Codes of findings\n\n`apm explain CODE` prints the same.\n\n{contents}\n\n{body}"


def _metrics() -> str:
    rows = "\n".join(
        f"| `{m.name}` | {m.type} | {', '.join(f'`{label.name}`' for label in m.labels)} | {_cell(m.help)} |"
        for m in CATALOGUE
    )
    head = "# Metrics of the runtime\n\n`/metrics` exports exactly these.\n\n"
    head += "| metric | type | labels | meaning |\n|---|---|---|---|\n"
    return f"{head}{rows}\n"


def _commands() -> str:
    parts = ["# Commands\n"]
    root = click.Context(cli.app, info_name="apm")
    for name in cli.SUMMARIES:
        parts += _help(cli.app.get_command(root, name), root, name)
    return "\n".join(parts)


def _help(command: click.Command | None, parent: click.Context, name: str) -> Iterator[str]:
    assert command is not None, name
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, color=False)
    yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _help(command.get_command(context, inner), context, inner)


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
