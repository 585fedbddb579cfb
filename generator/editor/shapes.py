"""What may stand where in a spec: the annotations of the models, with the markers on them."""

from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel

from generator.documentation.fields import FieldDoc
from generator.documentation.fields import of as fields_of
from generator.formatting.order import ENVELOPE, Root, model_of
from generator.kinds.environment import EnvironmentSpec
from generator.model import Kind, Loc
from runtime.contract import FileRef, Ref, Registered, Step
from runtime.steps import NODES

M = TypeVar("M", Ref, FileRef, Registered)


class Overlay:
    """Stands for `overlay` of an Environment: kinds, names and parts of specs."""

    def __init__(self, kinds: Mapping[str, Kind], kind: str | None = None) -> None:
        self.kinds, self.kind = kinds, kind

    def below(self, part: str) -> Any:
        """Return the shape below a kind, or below a name of that kind."""
        if self.kind is None:
            return Overlay(self.kinds, part) if part in self.kinds else None
        return self.kinds[self.kind].spec


def root(value: Any, kinds: Mapping[str, Kind]) -> Any:
    """Return the shape of a whole document."""
    kind = cast("Mapping[str, Any]", value).get("kind") if isinstance(value, Mapping) else None
    return Root(kinds.get(str(kind)))


def below(shape: Any, part: str | int, written: Sequence[str], kinds: Mapping[str, Kind]) -> Any:
    """Return the shape of a field, value or item; `written` are the keys beside it. None where nothing is known."""
    if isinstance(shape, Root):
        return shape.parts.get(str(part))
    if isinstance(shape, Overlay):
        return shape.below(str(part))
    model = model_of(shape, written) if isinstance(part, str) else None
    if model is EnvironmentSpec and part == "overlay":
        return Overlay(kinds)
    if model:
        return _field(model, str(part))
    return next((found for one in _options(shape) if (found := _inner(one, part, shape)) is not None), None)


def _field(model: type[BaseModel], part: str) -> Any:
    for name, field in model.model_fields.items():
        if part == (field.alias or name):
            annotation: Any = field.annotation
            for extra in field.metadata:
                annotation = Annotated[annotation, extra]
            return annotation
    return None


def _inner(option: Any, part: str | int, shape: Any) -> Any:
    origin, args = get_origin(option), get_args(option)
    if origin in (tuple, list) and isinstance(part, int):
        mine = marker(shape, Ref)  # a marker on a list is one on its items
        return Annotated[args[0], mine] if mine and not marker(args[0], Ref) else args[0]
    return args[1] if origin is dict and isinstance(part, str) else None


def at(value: Any, loc: Loc, kinds: Mapping[str, Kind]) -> Any:
    """Return the shape at a path of a document's value; None where nothing is known of it."""
    shape, here = root(value, kinds), value
    for part in loc:
        written = [str(key) for key in cast("Mapping[Any, Any]", here)] if isinstance(here, Mapping) else []
        shape = below(shape, part, written, kinds)
        if shape is None:
            return None
        here = _value(here, part)
    return shape


def _value(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return cast("Mapping[str | int, Any]", value).get(part)
    items = cast("Sequence[Any]", value) if isinstance(value, list) else ()
    return items[part] if isinstance(part, int) and part < len(items) else None


def _options(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, or the annotation itself, without what is annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for arg in get_args(annotation):
            yield from _options(arg)
    else:
        yield annotation


def _layers(annotation: Any) -> Iterator[Any]:
    """Yield the metadata of an annotation and of the members of its unions."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from annotation.__metadata__
        yield from _layers(args[0])
    elif origin in (Union, UnionType):
        for arg in args:
            yield from _layers(arg)


def marker(shape: Any, of: type[M]) -> M | None:
    """Return the marker of a type on a shape."""
    return next((extra for extra in _layers(shape) if isinstance(extra, of)), None)


def key_marker(shape: Any) -> Ref | None:
    """Return the marker on the keys of a mapping: each names a spec."""
    if isinstance(shape, Overlay):
        return Ref(shape.kind) if shape.kind else None
    dicts = (get_args(one)[0] for one in _options(shape) if get_origin(one) is dict)
    return next((found for keys in dicts if (found := marker(keys, Ref))), None)


def choices(shape: Any) -> list[str]:
    """Return the values that a scalar of this shape may have, where they can be counted."""
    found: list[str] = []
    for one in _options(shape):
        if get_origin(one) is Literal:
            found += [str(value) for value in get_args(one)]
        elif one is bool:
            found += ["true", "false"]
    return found


def is_mapping(shape: Any) -> bool:
    """Return whether a mapping may stand here."""
    if isinstance(shape, Root | Overlay):
        return True
    return any(
        isinstance(one, ForwardRef) or get_origin(one) is dict or (isinstance(one, type) and issubclass(one, BaseModel))
        for one in _options(shape)
    )


def is_list(shape: Any) -> bool:
    """Return whether a list may stand here."""
    return any(get_origin(one) in (tuple, list) for one in _options(shape))


def fields(shape: Any, written: Sequence[str]) -> tuple[FieldDoc, ...]:
    """Return the fields of a mapping with these keys; for a step without a verb, all verbs too."""
    if isinstance(shape, Root):
        return tuple(FieldDoc(name, "mapping" if name in shape.parts else "text", _ENVELOPE[name], True, None, None)
                     for name in ENVELOPE)  # fmt: skip
    if isinstance(shape, Overlay):
        return ()
    model = model_of(shape, written)
    if model is None:
        return ()
    return (*_verbs(), *fields_of(model)) if model is Step else fields_of(model)


_ENVELOPE = {
    "apiVersion": "Version of the language: `apm/v1`.",
    "kind": "What the document is about: `apm explain` lists all kinds.",
    "metadata": "Name, owner, labels and description.",
    "spec": "What is declared; its fields depend on the kind.",
}


def _verbs() -> Iterator[FieldDoc]:
    for name, node in NODES.items():
        own = next((field for field in fields_of(node.step) if field.name == name), None)
        doc = (node.step.__doc__ or "").strip()
        yield FieldDoc(name, own.kind if own else "verb", doc, False, None, own.model if own else None)
