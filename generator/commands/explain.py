"""`apm explain`: what a code means, what a field is for, where a rendered line comes from."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from generator.commands._common import Terminal, with_terminal

if TYPE_CHECKING:
    from generator.documentation.fields import FieldDoc


@click.command(epilog="Example: apm explain dead-reference; apm explain Agent.permissions")
@click.argument("what", required=False)
@with_terminal
def explain(terminal: Terminal, what: str | None) -> None:
    """Explain a code, a kind or field, or a rendered line.

    Without an argument all codes and kinds are listed.
    """
    for line in _answer(terminal, what) if what else _all():
        click.echo(line)


def _answer(terminal: Terminal, what: str) -> Iterator[str]:
    from generator.codes import pages
    from generator.pipeline import CHECKS, KINDS
    from generator.problems import Failure, nearest

    known = pages({name: inspect.getmodule(check.run).__doc__ or "" for name, check in CHECKS.items()})
    kind, _, path = what.partition(".")
    if what in known:
        yield f"{what}\n\n{known[what].strip()}"
    elif kind in KINDS:
        yield from _kind(kind, path)
    elif "/" in what:
        from generator.provenance import origin

        yield from origin(terminal.root, what)
    else:
        raise Failure(f'there is no code, kind or rendered file "{what}"', nearest(what, [*known, *KINDS]))


def _all() -> Iterator[str]:
    from generator.codes import pages
    from generator.pipeline import CHECKS, KINDS

    known = pages({name: inspect.getmodule(check.run).__doc__ or "" for name, check in CHECKS.items()})
    yield "Codes of findings:"
    yield from (f"  {code:24} {_first(text)}" for code, text in sorted(known.items()))
    yield "\nKinds of specs (`apm explain KIND.field` says more):"
    yield from (f"  {name:24} {_first(inspect.getmodule(kind.resolve).__doc__ or '')}" for name, kind in KINDS.items())


def _kind(name: str, path: str) -> Iterator[str]:
    from generator.documentation import fields
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest

    kind = KINDS[name]
    found = fields.at(kind.spec, path)
    if found is None:
        raise Failure(f'{name} has no field "{path}"', nearest(path.split(".")[-1], fields.names(kind.spec, path)))
    yield f"{name}{'.' + path if path else ''}\n"
    yield found.doc if path else (inspect.getmodule(kind.resolve).__doc__ or "").strip()
    yield from (_line(field) for field in found.fields)


def _line(field: "FieldDoc") -> str:
    need = "required" if field.required else f"default {_value(field.default)}"
    return f"\n  {field.name} ({field.kind}; {need})\n      {field.doc}"


def _value(value: Any) -> str:
    return (
        {None: "none", True: "true", False: "false"}.get(value, str(value))
        if isinstance(value, (bool, type(None)))
        else str(value or "empty")
    )


def _first(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
