"""Every part of a spec: where it stands, what it is, and what its kind says about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel

from generator.model import Declared, Loc

ANY_KEY, ANY_ITEM = "*", "[]"


@dataclass(frozen=True)
class Part:
    """One value of a document."""

    loc: Loc
    shape: str
    """Kind and path without what people choose, such as `Workflow.spec.steps[].agent`."""
    raw: Any = field(repr=False)
    required: bool
    """Its kind does not do without it."""
    declared: bool
    """Its key is a field of a kind, none that people choose."""


def parts(spec: Declared) -> Iterator[Part]:
    """Yield all parts of a spec; steps are named by what they do, as their fields differ."""
    for key, model in (("metadata", spec.metadata), ("spec", spec.spec)):
        raw = spec.document.value[key]
        yield Part((key,), f"{spec.kind}.{key}", raw, True, True)
        yield from _below(model, raw, (key,), f"{spec.kind}.{key}")


def _below(value: Any, raw: Any, loc: Loc, shape: str) -> Iterator[Part]:
    if isinstance(raw, Mapping):
        for key, item in cast("Mapping[str, Any]", raw).items():
            yield from _entry(value, key, item, loc, shape)
    elif isinstance(raw, list):
        items: Sequence[Any] = cast("Sequence[Any]", value) if isinstance(value, tuple | list) else ()
        for index, item in enumerate(cast("list[Any]", raw)):
            inner = items[index] if index < len(items) else None
            below = _item_shape(shape, item)
            yield Part((*loc, index), below, item, False, False)
            yield from _below(inner, item, (*loc, index), below)


def _entry(value: Any, key: str, item: Any, loc: Loc, shape: str) -> Iterator[Part]:
    if isinstance(value, BaseModel):
        name, info = next((n, f) for n, f in type(value).model_fields.items() if key in (f.alias, n))
        below = f"{shape}.{key}"
        yield Part((*loc, key), below, item, info.is_required(), True)
        yield from _below(getattr(value, name), item, (*loc, key), below)
        return
    inner = cast("Mapping[str, Any]", value).get(key) if isinstance(value, Mapping) else None
    below = f"{shape}.{ANY_KEY}" if not shape.endswith(f"{ANY_KEY}.{ANY_KEY}") else shape
    yield Part((*loc, key), below, item, False, False)
    yield from _below(inner, item, (*loc, key), below)


def _item_shape(shape: str, item: Any) -> str:
    from runtime.steps import verb_of

    verb = verb_of(item) if shape.endswith((".steps", f"branches.{ANY_KEY}")) else None
    return f"{shape}[{verb}]" if verb else f"{shape}{ANY_ITEM}"
