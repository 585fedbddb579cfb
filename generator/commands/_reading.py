"""How commands that only show something read specs: errors in what nobody asked about do not stand in the way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from generator.commands._common import Terminal, program, refused

if TYPE_CHECKING:
    from generator.model import Catalogue, Declared
    from generator.pipeline import Specs


def readable(terminal: Terminal) -> "Specs":
    """Return the specs as far as they can be read; that some have errors is said in one line.

    Where there are none, print what to do and exit 1.
    """
    from generator import pipeline
    from generator.problems import plural

    specs = pipeline.read(terminal.root)
    if any(problem.code == "no-specs" for problem in specs.problems):
        refused(specs.problems, terminal)
    if number := _errors(specs):
        terminal.say(f"{plural(number, 'error')} in the specs: {program()} validate")
    return specs


def asked(terminal: Terminal, specs: "Specs", kind: str, name: str) -> "Declared":
    """Return the spec that somebody asks for; where it is not well-formed, print why and exit 1."""
    from generator.problems import Failure, nearest

    spec = specs.written.find(kind, name)
    if spec is None and (kind, name) in specs.written.unparsed:
        refuse_file(terminal, specs, specs.written.unparsed[kind, name])
    if spec is None:
        raise Failure(f'there is no {kind.lower()} "{name}"', nearest(name, specs.written.names(kind)))
    return spec


def refuse_file(terminal: Terminal, specs: "Specs", file: str) -> NoReturn:
    """Print what is wrong in a file and exit 1; everything where what is wrong with it stands elsewhere."""
    refused([p for p in specs.problems if p.place.file == file] or specs.problems, terminal)


def sound(terminal: Terminal, specs: "Specs") -> "Specs":
    """Return the specs that can be resolved in every environment; which are left out is said in one line."""
    from generator.pipeline import KINDS
    from generator.resolve import unresolvable

    if not _errors(specs):
        return specs
    found = [spec for view in specs.views for spec in unresolvable(view, KINDS)]
    lost = {(spec.kind, spec.name): spec.document.file for spec in found}
    if lost:
        terminal.say(f"left out, as they can't be resolved: {', '.join(f'{kind} {name}' for kind, name in lost)}")
    views = tuple(_without(view, lost) for view in specs.views)
    return replace(specs, written=_without(specs.written, lost), views=views)


def _without(catalogue: "Catalogue", lost: Mapping[tuple[str, str], str]) -> "Catalogue":
    """Return a catalogue in which these specs count as unreadable."""
    kept = tuple(spec for spec in catalogue.specs if (spec.kind, spec.name) not in lost)
    return replace(catalogue, specs=kept, unparsed={**catalogue.unparsed, **lost}, memo={})


def _errors(specs: "Specs") -> int:
    return sum(problem.severity == "error" for problem in specs.problems)
