"""`apm explain`: what a code or risk means, what a field is for, where a line comes from and what it causes."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from generator.commands._common import Terminal, with_terminal

if TYPE_CHECKING:
    from generator.documentation.fields import FieldDoc

FUNCTIONS = "functions"


@click.command(
    epilog="Example: apm explain dead-reference; apm explain Agent.permissions; apm explain specs/runtime.yaml:12; "
    "apm explain workflow apm-cycle; apm explain alert RuntimeDown"
)
@click.argument("what", required=False)
@click.argument("name", required=False)
@with_terminal
def explain(terminal: Terminal, what: str | None, name: str | None) -> None:
    """Explain a code, a kind, field or verb, an alert, functions, a rendered line, or a line of a spec.

    `rendered/...:LINE` gives the object and the lines of specs that cause it; `specs/...[:LINE]` gives everything in
    every environment that would be another if that line were. `workflow NAME` gives the steps, calls of models, tokens
    and money that one run takes at most; `alert NAME` gives the way from the series to the message that a person gets:
    rule, route, timing, text, and what to do; `functions` lists what the runtime image ships. Without an
    argument all codes, risks, verbs and kinds are listed. Errors elsewhere in the specs do not stand in the way.
    """
    for line in _lines(terminal, what, name):
        click.echo(line)


def _lines(terminal: Terminal, what: str | None, name: str | None) -> Iterator[str]:
    if what is None:
        return _all()
    return _most(terminal, what, name) if name else _answer(terminal, what)


def _most(terminal: Terminal, what: str, name: str) -> Iterator[str]:
    """Explain what one run of a workflow takes at most, or the way of an alert."""
    from generator.commands._reading import asked, readable
    from generator.workflows.estimates import lines

    if what == "alert":
        yield from _way(terminal, name)
        return
    if what != "workflow":
        raise click.UsageError(f'only `workflow` and `alert` take a name, "{what}" does not')
    specs = readable(terminal)
    yield from lines(specs.written, asked(terminal, specs, "Workflow", name))


def _way(terminal: Terminal, name: str) -> Iterator[str]:
    """Explain the way of an alert to a person, in the first deployed environment that has it."""
    from generator.commands._reading import readable, sound
    from generator.monitoring.common import alerts
    from generator.monitoring.way import lines
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest
    from generator.resolve import resolve

    known: dict[str, None] = {}
    for view in sound(terminal, readable(terminal)).views:
        environment = view.find("Environment", view.environment or "")
        if environment is None or not environment.spec.deployed:
            continue
        project = resolve(view, KINDS)
        names = [alert.name for _, alert in alerts(project)]
        if name in names:
            yield from lines(project, name)
            return
        known |= dict.fromkeys(names)
    raise Failure(f'there is no alert "{name}"', nearest(name, known))


def _answer(terminal: Terminal, what: str) -> Iterator[str]:
    from generator.documentation import fields
    from generator.model import Metadata
    from generator.pipeline import KINDS
    from generator.problems import Failure, nearest
    from runtime.steps import NODES

    kind, _, path = what.partition(".")
    if what == "metadata":
        yield from (_line(field).removeprefix("\n") for field in fields.of(Metadata))
        return
    if what == FUNCTIONS:
        from generator.documentation.functions import lines

        yield from lines()
        return
    if "/" in what:
        yield from _line_of(terminal, what)
        return
    codes, risks = _pages()
    known = {**codes, **risks}
    if what in known:
        yield f"{what}\n\n{known[what].strip()}"
    elif kind in KINDS:
        yield from _kind(kind, path)
    elif kind in NODES:
        yield from _verb(kind, path)
    elif places := _places(what):
        yield "\n\n".join(f"{place}\n\n{field.doc}" for place, field in places)
    else:
        names = [*known, *KINDS, *NODES, *_fields(), FUNCTIONS]
        raise Failure(f'there is no code, risk, kind, verb, field or file "{what}"', nearest(what, names))


def _places(what: str) -> "list[tuple[str, FieldDoc]]":
    """Return the fields of all kinds and steps whose path ends like this, those nearest to the top first."""
    found = [(place, field) for place, field in _fields().items() if f".{place}".endswith(f".{what}")]
    return sorted(found, key=lambda one: (one[0].count("."), one[0]))


def _fields() -> "dict[str, FieldDoc]":
    """Return the fields of the metadata, of all kinds and of all steps, by path such as `Agent.subAgents`."""
    from generator.documentation import fields
    from generator.model import Metadata
    from generator.pipeline import KINDS
    from runtime.contract import Step
    from runtime.steps import NODES

    models = [("metadata", Metadata), *((name, kind.spec) for name, kind in KINDS.items()), ("Workflow.steps", Step)]
    found = {f"{name}.{path}": field for name, model in models for path, field in fields.below(model)}
    common = {field.name for field in fields.of(Step)}
    for verb, node in NODES.items():
        own = ((path, field) for path, field in fields.below(node.step) if path.split(".")[0] not in common)
        found |= {path if path.startswith(verb) else f"{verb}.{path}": field for path, field in own}
    return found


def _line_of(terminal: Terminal, what: str) -> Iterator[str]:
    """Explain a line of a rendered file, or of a spec or a file beside it."""
    from generator import conventions, pipeline
    from generator.problems import Rejected

    where = what.removeprefix("./")
    if where.split("/")[0] in (conventions.SPECS, conventions.POLICIES):
        yield from _effects(terminal, where)
        return
    from generator.provenance.causes import origin

    try:
        written = pipeline.check(terminal.root).written
    except Rejected:
        written = None
    yield from origin(terminal.root, where, written)


def _effects(terminal: Terminal, where: str) -> Iterator[str]:
    """Explain what a line of a spec, or of a file beside it, causes."""
    from generator.commands._reading import readable, refuse_file, sound
    from generator.provenance.effects import effects, file_of

    specs = sound(terminal, readable(terminal))
    file = file_of(terminal.root, where)
    if file in specs.written.unparsed.values():
        refuse_file(terminal, specs, file)
    yield from effects(terminal.root, where, specs.written)


def _pages() -> tuple[dict[str, str], dict[str, str]]:
    """Return the pages of all codes and of all risks."""
    from generator.codes import pages
    from generator.diff.run import RISKS
    from generator.pipeline import CHECKS

    risks = {name: inspect.getmodule(risk.run).__doc__ or "" for name, risk in RISKS.items()}
    return pages({name: inspect.getmodule(check.run).__doc__ or "" for name, check in CHECKS.items()}), risks


def _all() -> Iterator[str]:
    from generator.pipeline import KINDS
    from runtime.steps import NODES

    codes, risks = _pages()
    yield "Codes of findings:"
    yield from (f"  {code:24} {_first(text)}" for code, text in sorted(codes.items()))
    yield "\nRisks that `apm diff` marks:"
    yield from (f"  {name:24} {_first(text)}" for name, text in sorted(risks.items()))
    yield f"\nWhat the runtime image ships: apm explain {FUNCTIONS}"
    yield f"\nVerbs of steps (`apm explain VERB`): {', '.join(NODES)}"
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


def _verb(name: str, path: str) -> Iterator[str]:
    from generator.documentation import fields
    from generator.problems import Failure, nearest
    from runtime.contract import Step
    from runtime.steps import NODES

    model = NODES[name].step
    inside = f"{name}.{path}" if path else ""
    found = fields.at(model, inside) or fields.at(model, path)
    if found is None:
        known = fields.names(model, inside) or fields.names(model, path)
        raise Failure(f'{name} has no field "{path}"', nearest(path.split(".")[-1], known))
    common = {field.name for field in fields.of(Step)} if not path else set[str]()
    yield f"{name}{'.' + path if path else ''} (step of a workflow)\n" if not path else f"{name}.{path}\n"
    yield found.doc
    for field in found.fields:
        if field.name not in common:
            yield _line(field)
            yield from (_line(inner).replace("\n", "\n    ") for inner in field.fields if field.name == name)
    if not path:
        yield f"\nWhat every step may say: {', '.join(sorted(common))} (apm explain Workflow.steps)"


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
