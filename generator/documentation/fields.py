"""The fields of a kind as data, read from its model: for `apm explain` and the reference pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from generator.documentation.docstrings import field_docs
from runtime.contract import FileRef, Ref, Step
from runtime.steps import NODES


@dataclass(frozen=True)
class FieldDoc:
    """One field: its name in YAML, type in words (`kind`), doc, default, and what is below it."""

    name: str
    kind: str
    doc: str
    required: bool
    default: Any
    model: type[BaseModel] | None

    @property
    def fields(self) -> "tuple[FieldDoc, ...]":
        """Fields below this one."""
        return of(self.model) if self.model else ()


def of(model: type[BaseModel]) -> tuple[FieldDoc, ...]:
    """Return the fields of a model, in the order in which they are declared."""
    return tuple(_field(model, name, info) for name, info in model.model_fields.items())


def at(model: type[BaseModel], path: str) -> FieldDoc | None:
    """Return the field at a dotted path below a model; for an empty path the model itself."""
    found = FieldDoc("", "mapping", (model.__doc__ or "").strip(), True, None, model)
    for part in path.split(".") if path else ():
        below = next((f for f in found.fields if f.name == part), None)
        if below is None and found.model is Step and part in NODES:
            below = FieldDoc(part, "step", (NODES[part].step.__doc__ or "").strip(), True, None, NODES[part].step)
        if below is None:
            return None
        found = below
    return found


def below(model: type[BaseModel], seen: tuple[type[BaseModel], ...] = ()) -> Iterator[tuple[str, FieldDoc]]:
    """Yield every field below a model with its dotted path; steps and models inside themselves are not entered."""
    for field in of(model):
        yield field.name, field
        if field.model and field.model is not Step and field.model not in seen:
            yield from ((f"{field.name}.{path}", inner) for path, inner in below(field.model, (*seen, field.model)))


def names(model: type[BaseModel], path: str) -> list[str]:
    """Return the names of the fields beside the last part of a path, as far as it exists."""
    parent = at(model, ".".join(path.split(".")[:-1]))
    return [f.name for f in parent.fields] if parent else []


def _field(model: type[BaseModel], name: str, info: FieldInfo) -> FieldDoc:
    required = info.is_required()
    default = None if required else _plain(info.get_default(call_default_factory=True))
    kind = _type(info.annotation, tuple(info.metadata))
    return FieldDoc(
        info.alias or name,
        kind,
        field_docs(model).get(name, ""),
        required,
        default,
        model_in(info.annotation),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, exclude_defaults=True) or None
    return list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _type(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    """Return a type in words (`kind`): `list of Team names`, `text or nothing`."""
    for marker in metadata:
        if isinstance(marker, Ref):
            return f"name of {'an' if marker.kind[0] in 'AEIOU' else 'a'} {marker.kind}"
        if isinstance(marker, FileRef):
            return f"{marker.holds} file" + (" or mapping" if "dict" in str(annotation) else "")
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(args[0], tuple(annotation.__metadata__))
    if origin in (Union, UnionType):
        if any(isinstance(a, type) and issubclass(a, Step) for a in _models(annotation)):
            return "step"
        return " or ".join(dict.fromkeys(_type(a) for a in args if a is not type(None)))
    if origin is Literal:
        return "one of " + ", ".join(str(a) for a in args)
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if origin is dict:
        return f"mapping of {_type(args[1])}"
    simple = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        dict: "mapping",
        type(None): "nothing",
    }
    if annotation in simple:
        return simple[annotation]
    return "mapping" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else "any value"


def _models(annotation: Any) -> tuple[Any, ...]:
    return tuple(get_args(a)[0] if get_origin(a) is Annotated else a for a in get_args(annotation))


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation; for a union of steps, what all steps have in common."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Step if issubclass(annotation, Step) else annotation
    for argument in get_args(annotation):
        found = model_in(argument)
        if found is not None:
            return found
    return None
