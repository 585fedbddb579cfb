"""Finds what specs name: other specs, files beside them, expressions. Read from the markers on the fields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import getitem
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel

from generator.model import Declared, Loc, Reference, beside
from runtime.contract import Expr, FileRef, Marker, Ref, Step, Template

M = TypeVar("M", bound=Marker)
_Found = tuple[Loc, Marker, Any]
"""Place, marker and value of a marked field."""
Walker = Callable[[Any, Loc, list[_Found]], None]
"""Adds the marked fields of a value to a list: generators within generators would take three times as long."""


Language = Literal["cel", "template", "prose"]
"""Bare CEL, a text with `${ CEL }`, or Jinja2."""


@dataclass(frozen=True)
class Expression:
    """A text of a spec that is computed while a workflow runs."""

    loc: Loc
    language: Language
    text: str
    file: str | None = None
    """File beside the spec in which the text stands; without it, it stands at `loc`."""


def expressions(spec: Declared, files: Mapping[str, str]) -> tuple[Expression, ...]:
    """Return every expression, template and prompt of a spec, those in files too. Empty ones only where written."""
    return spec.once("expressions", lambda: tuple(_expressions(spec, files)))


def _expressions(spec: Declared, files: Mapping[str, str]) -> Iterator[Expression]:
    for loc, _, text in marked(spec, Expr):
        if isinstance(text, str) and (text or _written(spec.document.value, loc)):
            yield Expression(loc, "cel", text)
    for loc, marker, tree in marked(spec, Template):
        language: Language = "prose" if marker.language == "jinja" else "template"
        yield from (Expression(at, language, text) for at, text in strings(tree, loc) if text)
    for loc, marker, name in marked(spec, FileRef):
        if marker.holds == "prompt" and isinstance(name, str):
            path = beside(spec.document.file, name)
            if path in files:
                yield Expression(loc, "prose", files[path], path)


def strings(value: Any, loc: Loc) -> list[tuple[Loc, str]]:
    """Return place and text of every text in a tree of values."""
    found: list[tuple[Loc, str]] = []
    _gather(value, loc, found)
    return found


def _gather(value: Any, loc: Loc, found: list[tuple[Loc, str]]) -> None:
    if isinstance(value, str):
        found.append((loc, value))
    elif isinstance(value, Mapping):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            _gather(item, (*loc, str(key)), found)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            _gather(item, (*loc, index), found)


def _written(value: Any, loc: Loc) -> bool:
    try:
        reduce(getitem, loc, value)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def references(spec: Declared) -> tuple[Reference, ...]:
    """Return every place where a spec names another."""
    return spec.once("references", lambda: tuple(_references(spec)))


def _references(spec: Declared) -> Iterator[Reference]:
    for loc, marker, name in marked(spec, Ref):
        if isinstance(name, str):
            yield Reference(spec, loc, marker.kind, name)


def is_key(reference: Reference) -> bool:
    """Return whether a spec is named by a key of a mapping, and not by a value."""
    written = reference.source.document.written(reference.loc, False)
    return reference.loc[-1] == reference.name and written.strip("'\"") != reference.name


def marked(spec: Declared, marker: type[M]) -> Sequence[tuple[Loc, M, Any]]:
    """Return place, marker and value of every field of a spec that carries a marker of this type."""
    return cast("Sequence[tuple[Loc, M, Any]]", spec.once("marked", lambda: _grouped(spec)).get(marker, ()))


def _grouped(spec: Declared) -> Mapping[type[Marker], Sequence[_Found]]:
    """Return all marked fields of a spec by the type of their marker: the checks ask for each."""
    found: list[_Found] = []
    _walk_model(spec.metadata, ("metadata",), found)
    _walk_model(spec.spec, ("spec",), found)
    grouped: dict[type[Marker], list[_Found]] = {}
    for one in found:
        grouped.setdefault(type(one[1]), []).append(one)
    return grouped


def marked_in(model: BaseModel) -> list[_Found]:
    """Return place (within the model), marker and value of every marked field of a model."""
    found: list[_Found] = []
    _walk_model(model, (), found)
    return found


def _walk_model(model: BaseModel, loc: Loc, found: list[_Found]) -> None:
    for attribute, key, walk in _walkers(type(model)):
        value = getattr(model, attribute)
        if value is not None:
            walk(value, (*loc, key), found)


@lru_cache(maxsize=1024)
def _walkers(model: type[BaseModel]) -> tuple[tuple[str, str, Walker], ...]:
    """Return what has to be looked at in a model, so that plain fields cost nothing."""
    found: list[tuple[str, str, Walker]] = []
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        for extra in field.metadata:
            annotation = Annotated[annotation, extra]
        walk = _walker(annotation)
        if walk:
            found.append((name, field.alias or name, walk))
    return tuple(found)


def _walker(annotation: Any) -> Walker | None:
    origin, args = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, ForwardRef):  # AnyStep, inside of branches: pydantic keeps the name in the annotation
        return _walk_model
    if origin is Annotated:
        mine = [_leaf(extra) for extra in annotation.__metadata__ if isinstance(extra, Marker)]
        inner = _walker(args[0])
        return _each([*mine, inner] if inner else mine)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _walk_model if issubclass(annotation, Step) or _walkers(annotation) else None
    if origin in (tuple, list):
        inner = _walker(args[0])
        return _items(inner) if inner else None
    if origin is dict:
        inner = _walker(args[1])
        keys = _walker(args[0])
        return _values(inner, keys) if inner or keys else None
    options = [walk for arg in args if (walk := _walker(arg))]
    return _first(options, annotation) if options else None


def _each(walks: Sequence[Walker]) -> Walker | None:
    if len(walks) < 2:
        return walks[0] if walks else None

    def walk(value: Any, loc: Loc, found: list[_Found]) -> None:
        for one in walks:
            one(value, loc, found)

    return walk


def _leaf(mine: Marker) -> Walker:
    def walk(value: Any, loc: Loc, found: list[_Found]) -> None:
        if isinstance(value, tuple):
            found += [((*loc, index), mine, item) for index, item in enumerate(value)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        else:
            found.append((loc, mine, value))

    return walk


def _items(inner: Walker) -> Walker:
    def walk(value: Any, loc: Loc, found: list[_Found]) -> None:
        for index, item in enumerate(value):
            inner(item, (*loc, index), found)

    return walk


def _values(inner: Walker | None, keys: Walker | None) -> Walker:
    def walk(value: Mapping[str, Any], loc: Loc, found: list[_Found]) -> None:
        for key, item in value.items():
            if keys:
                keys(key, (*loc, key), found)
            if inner:
                inner(item, (*loc, key), found)

    return walk


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _first(options: list[Walker], annotation: Any) -> Walker:
    """A union: models decide by what they are, everything else by the only option."""

    plain = not any(isinstance(one, type) and issubclass(one, BaseModel) for one in map(_bare, get_args(annotation)))

    def walk(value: Any, loc: Loc, found: list[_Found]) -> None:
        if isinstance(value, BaseModel):
            _walk_model(value, loc, found)
        elif plain:
            options[0](value, loc, found)

    return walk
