"""Two values -> the fields that differ, with list items matched by what names them and not by their position."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from generator.diff.model import ABSENT, Field

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_NAMED_BY = (
    ("alert", "labels.severity"), ("record",), ("id",), ("name",), ("key",), ("uid",), ("refId",), ("mountPath",),
    ("topologyKey",), ("group", "kind"), ("match",), ("type",),
)  # fmt: skip
"""What may name the items of a list: the first that all items have and that is unique."""


def differences(old: Any, new: Any, path: str = "") -> Iterator[Field]:
    """Yield every field that differs, from the top down."""
    if old == new and repr(old) == repr(new):  # 1 equals True
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new), path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(cast("list[Any]", old), cast("list[Any]", new), path)
    else:
        yield Field(path, old, new)


def _mappings(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Field]:
    for key in (*old, *(key for key in new if key not in old)):
        yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), joined(path, key))


def joined(path: str, key: str) -> str:
    """Return the path of a key below another."""
    if not _PLAIN.fullmatch(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _lists(old: list[Any], new: list[Any], path: str) -> Iterator[Field]:
    left, right = _named(old, new)
    if left is None or right is None:
        yield from _unnamed(old, new, path)
        return
    for name in (*left, *(name for name in right if name not in left)):
        yield from differences(left.get(name, ABSENT), right.get(name, ABSENT), f"{path}[{name}]")
    before, after = [n for n in left if n in right], [n for n in right if n in left]
    if before != after:
        yield Field(f"{path}[order]", ", ".join(before), ", ".join(after))


def _named(old: list[Any], new: list[Any]) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Return the items of both lists by name, if there is a name that all have and no two share."""
    if not all(isinstance(item, Mapping) for item in (*old, *new)):
        return None, None
    for keys in _NAMED_BY:
        found = [{_name(item, keys): item for item in items} for items in (old, new)]
        unique = len(found[0]) == len(old) and len(found[1]) == len(new)
        if unique and "" not in found[0] and "" not in found[1]:
            return found[0], found[1]
    return None, None


def _name(item: Any, keys: Sequence[str]) -> str:
    parts: list[str] = []
    for key in keys:
        value = item
        for part in key.split("."):
            value = cast("Mapping[str, Any]", value).get(part) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping | list) or (value is None and len(keys) == 1):
            return ""
        parts.append(str(value or ""))
    return " ".join(part for part in parts if part)


def _unnamed(old: list[Any], new: list[Any], path: str) -> Iterator[Field]:
    """What is equal on both sides is set aside; the rest is compared in order if it is as long, else gone or new."""
    gone, fresh = _without(old, new), _without(new, old)
    if not gone and not fresh:
        yield Field(f"{path}[order]", _short(old), _short(new))
    elif len(gone) == len(fresh) and all(isinstance(item, Mapping) for item in (*gone, *fresh)):
        for item, other in zip(gone, fresh, strict=True):
            yield from differences(item, other, f"{path}[{old.index(item)}]")
    else:
        yield from (Field(f"{path}[]", item, ABSENT) for item in gone)
        yield from (Field(f"{path}[]", ABSENT, item) for item in fresh)


def _without(items: list[Any], others: list[Any]) -> list[Any]:
    """Return the items that are not among others, each of which stands for one."""
    left = [_canonical(other) for other in others]
    found: list[Any] = []
    for item in items:
        text = _canonical(item)
        if text in left:
            left.remove(text)
        else:
            found.append(item)
    return found


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _short(items: list[Any]) -> str:
    return ", ".join(_canonical(item)[:60] for item in items)
