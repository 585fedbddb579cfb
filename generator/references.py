"""Finds what specs name: other specs, files beside them, expressions. Read from the markers on the fields."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import getitem
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel

from generator.model import Declared, Loc, Reference, beside
from runtime.contract import Expr, FileRef, Ref, Step, Template

M = TypeVar("M")
Walker = Callable[[Any, Loc], Iterator[tuple[Loc, Any, Any]]]


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


def strings(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Yield place and text of every text in a tree of values."""
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, Mapping):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from strings(item, (*loc, str(key)))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from strings(item, (*loc, index))


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


def marked(spec: Declared, marker: type[M]) -> tuple[tuple[Loc, M, Any], ...]:
    """Return place, marker and value of every field of a spec that carries a marker of this type."""
    parts = ((spec.metadata, ("metadata",)), (spec.spec, ("spec",)))
    return spec.once(marker.__name__, lambda: tuple(f for part, loc in parts for f in _walk_model(part, loc, marker)))


def marked_in(model: BaseModel, marker: type[M]) -> Iterator[tuple[Loc, M, Any]]:
    """Yield place (within the model), marker and value of every marked field of a model."""
    yield from _walk_model(model, (), marker)


def _walk_model(model: BaseModel, loc: Loc, marker: type[Any]) -> Iterator[tuple[Loc, Any, Any]]:
    for attribute, key, walk in _walkers(type(model), marker):
        value = getattr(model, attribute)
        if value is not None:
            yield from walk(value, (*loc, key))


@lru_cache(maxsize=1024)
def _walkers(model: type[BaseModel], marker: type[Any]) -> tuple[tuple[str, str, Walker], ...]:
    """Return what has to be looked at in a model, so that plain fields cost nothing."""
    found: list[tuple[str, str, Walker]] = []
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        for extra in field.metadata:
            annotation = Annotated[annotation, extra]
        walk = _walker(annotation, marker)
        if walk:
            found.append((name, field.alias or name, walk))
    return tuple(found)


def _walker(annotation: Any, marker: type[Any]) -> Walker | None:
    origin, args = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, ForwardRef):  # AnyStep, inside of branches: pydantic keeps the name in the annotation
        return lambda value, loc: _walk_model(value, loc, marker)
    if origin is Annotated:
        mine = next((extra for extra in annotation.__metadata__ if isinstance(extra, marker)), None)
        return _leaf(mine) if mine is not None else _walker(args[0], marker)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, Step) or _may_hold(annotation, marker):
            return lambda value, loc: _walk_model(value, loc, marker)
        return None
    if origin in (tuple, list):
        inner = _walker(args[0], marker)
        return _items(inner) if inner else None
    if origin is dict:
        inner = _walker(args[1], marker)
        keys = _walker(args[0], marker)
        return _values(inner, keys) if inner or keys else None
    options = [walk for arg in args if (walk := _walker(arg, marker))]
    return _first(options, annotation, marker) if options else None


@lru_cache(maxsize=1024)
def _may_hold(model: type[BaseModel], marker: type[Any]) -> bool:
    return bool(_walkers(model, marker))


def _leaf(mine: Any) -> Walker:
    def walk(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any, Any]]:
        if isinstance(value, tuple):
            yield from (((*loc, index), mine, item) for index, item in enumerate(value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        else:
            yield loc, mine, value

    return walk


def _items(inner: Walker) -> Walker:
    def walk(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any, Any]]:
        for index, item in enumerate(value):
            yield from inner(item, (*loc, index))

    return walk


def _values(inner: Walker | None, keys: Walker | None) -> Walker:
    def walk(value: Mapping[str, Any], loc: Loc) -> Iterator[tuple[Loc, Any, Any]]:
        for key, item in value.items():
            if keys:
                yield from keys(key, (*loc, key))
            if inner:
                yield from inner(item, (*loc, key))

    return walk


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _first(options: list[Walker], annotation: Any, marker: type[Any]) -> Walker:
    """A union: models decide by what they are, everything else by the only option."""

    plain = not any(isinstance(one, type) and issubclass(one, BaseModel) for one in map(_bare, get_args(annotation)))

    def walk(value: Any, loc: Loc) -> Iterator[tuple[Loc, Any, Any]]:
        if isinstance(value, BaseModel):
            yield from _walk_model(value, loc, marker)
        elif plain:
            yield from options[0](value, loc)

    return walk
