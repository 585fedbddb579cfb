"""`apm promote`: what was tried in one environment becomes a spec change for the next.

What is promoted stands in the overlay of the environment that it was tried in; it is written to the overlay of the
next one, with comments and layout of the file kept. Images are promoted without being named, since nothing else says
which build runs.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from generator.commands._common import Terminal, checked, print_problems, texts, with_terminal

if TYPE_CHECKING:
    from generator.model import Catalogue, Declared


@dataclass(frozen=True)
class Value:
    """One value that differs between two environments."""

    kind: str
    name: str
    path: tuple[str, ...]
    """Path below the `spec`."""
    old: Any
    new: Any
    """None where the field is not there."""

    def __str__(self) -> str:
        return ".".join((self.kind, self.name, *self.path))


@click.command(epilog="Example: apm promote staging production Runtime.agents.slots && apm render && git diff")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.argument("values", nargs=-1, metavar="[KIND.NAME.FIELD...]")
@click.option("--check", is_flag=True, help="Write nothing; exit 3 when there is anything to promote.")
@with_terminal
def promote(terminal: Terminal, source: str, target: str, values: tuple[str, ...], check: bool) -> None:
    """Write what runs in one environment into the specs of the next.

    The images of FROM, and the named values, are written to the overlay of TO. `promotesFrom` of TO has to name FROM.
    """
    catalogue, views = _views(terminal, source, target)
    environment = catalogue.find("Environment", target)
    assert environment
    found = [*_images(*views), *_named(*views, values)]
    for value in found:
        click.echo(f"{value}: {_shown(value.new)} (in {target}: {_shown(value.old)})")
    if not found:
        terminal.say(f"nothing to promote: {target} has what {source} has")
        return
    if check:
        raise click.exceptions.Exit(3)
    before = _write(terminal.root, environment, found)
    _still_valid(terminal, environment, before)
    terminal.say(f"{environment.document.file} written; next: apm diff, apm render, commit")


def _views(terminal: Terminal, source: str, target: str) -> "tuple[Catalogue, tuple[Catalogue, Catalogue]]":
    """Return the specs, and as the two environments see them."""
    from generator.problems import Failure, nearest

    specs = checked(terminal)
    views = {view.environment: view for view in specs.views}
    for name in (source, target):
        if name not in views:
            raise Failure(f'there is no environment "{name}"', nearest(name, [str(known) for known in views]))
    environment = specs.written.find("Environment", target)
    if environment and environment.spec.promotes_from != source:
        known = environment.spec.promotes_from
        hint = f"it takes from {known}" if known else f"say so in its spec: `promotesFrom: {source}`"
        raise Failure(f"{target} does not take anything from {source}", hint)
    return specs.written, (views[source], views[target])


def _images(source: "Catalogue", target: "Catalogue") -> Iterator[Value]:
    from generator.kinds._image import Image

    for spec in source.specs:
        other = target.find(spec.kind, spec.name)
        if other is None or spec.kind == "Environment":
            continue
        for path in _of_type(spec.spec, Image, ()):
            for field in ("name", "tag", "digest"):
                old, new = (_at(one.document.value["spec"], (*path, field)) for one in (other, spec))
                if old != new:
                    yield Value(spec.kind, spec.name, (*path, field), old, new)


def _of_type(model: Any, of: type, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield where models of a type stand in a spec; lists hold none that an overlay could change alone."""
    from pydantic import BaseModel

    if isinstance(model, of):
        yield path
    elif isinstance(model, BaseModel):
        for name, field in type(model).model_fields.items():
            yield from _of_type(getattr(model, name), of, (*path, field.alias or name))


def _named(source: "Catalogue", target: "Catalogue", names: Sequence[str]) -> Iterator[Value]:
    from generator.problems import Failure, nearest

    for text in names:
        kind, name, *path = [*text.split("."), "", ""][: max(2, text.count(".") + 1)]
        spec, other = source.find(kind, name), target.find(kind, name)
        if spec is None or other is None:
            raise Failure(f'there is no {kind} "{name}"', nearest(name, source.names(kind)))
        if not path:
            raise Failure(f"{text} is a whole spec; name a field of it, such as {kind}.{name}.FIELD")
        old, new = (_at(one.document.value["spec"], path) for one in (other, spec))
        if old is None and new is None:
            raise Failure(f"{text} is written nowhere", "name a field that the spec or an overlay has")
        if old != new:
            yield Value(kind, name, tuple(path), old, new)


def _at(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, Any]", value).get(part)
    return value


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)


def _still_valid(terminal: Terminal, environment: "Declared", before: str) -> None:
    """Take a promotion back that makes the specs invalid, and say why."""
    from generator.pipeline import check
    from generator.problems import Rejected

    try:
        check(terminal.root)
    except Rejected as rejected:
        print_problems(rejected.problems, texts(terminal.root, rejected.problems), "text", terminal)
        (terminal.root / environment.document.file).write_text(before, encoding="utf-8")
        terminal.say(f"{environment.document.file} was left as it was")
        raise click.exceptions.Exit(1) from None


def _write(root: Path, environment: "Declared", values: Sequence[Value]) -> str:
    """Put values into the overlay of an environment's file, and return its text before; comments and layout stay.

    Raises:
        Failure: the file can't be written, or only by changing its layout.
    """
    from generator.problems import Failure

    path = root / environment.document.file
    yaml = _yaml()
    try:
        text = path.read_text(encoding="utf-8")
        documents = list(yaml.load_all(text))
        if _dumped(yaml, documents) != text:
            raise Failure(f"{environment.document.file} can't be edited without changing its layout",
                          "write the values above into its `overlay` by hand")  # fmt: skip
        mine = next(
            one for one in documents if one["kind"] == "Environment" and one["metadata"]["name"] == environment.name
        )
        for value in values:
            _put(mine["spec"], ("overlay", value.kind, value.name, *value.path), value.new)
        path.write_text(_dumped(yaml, documents), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{environment.document.file} can't be written: {error.strerror}") from None
    return text


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml: Any = YAML()
    yaml.preserve_quotes, yaml.width = True, 1 << 20
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: Any, documents: Sequence[Any]) -> str:
    stream = io.StringIO()
    yaml.dump_all(documents, stream)
    return stream.getvalue()


def _put(tree: Any, path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        if not isinstance(tree.get(part), dict):
            tree[part] = {}
        tree = tree[part]
    tree[path[-1]] = value
