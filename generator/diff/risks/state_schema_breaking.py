"""What is stored or asked for no longer fits.

A run that waits for days meets the new document when it goes on only if it was not pinned; what lies in a collection,
and what callers send, is not rewritten by anybody. A schema that takes less than before needs a migration, or a new
name.

Marked: a state field that is gone or has another type or reducer; an input that asks for more or takes less; an
output that is gone; a collection that is gone or whose schema takes less; an index that becomes unique; another
payload of a channel.
Not marked: a new field with a default, a new optional property, a wider range.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import STORE, WORKFLOW, at, documents, items, mapping, texts

_NAME = "state-schema-breaking"
_LOW, _HIGH = (
    ("minimum", "exclusiveMinimum", "minLength", "minItems"),
    ("maximum", "exclusiveMaximum", "maxLength", "maxItems"),
)


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each thing that was valid and is not any more."""
    yield from _workflow(change)
    yield from _store(change)


def _workflow(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, WORKFLOW)
    if not old or not new:
        return
    name = new.get("name")
    for field, before in mapping(old, "state").items():
        now = mapping(new, "state").get(field)
        for text in _state_field(before, now):
            yield Mark(_NAME, f"workflow {name}: state.{field} {text}", f"{base}.state.{field}")
    for text in narrowed(mapping(old, "input"), mapping(new, "input"), "input"):
        yield Mark(_NAME, f"workflow {name}: {text}", f"{base}.input")
    for key in mapping(old, "output"):
        if key not in mapping(new, "output"):
            yield Mark(_NAME, f"workflow {name}: output.{key} is gone", f"{base}.output")
    for channel, before in mapping(old, "channels").items():
        payload = mapping(new, "channels", channel)
        for text in narrowed(mapping(before, "payload"), mapping(payload, "payload"), "payload") if payload else ():
            yield Mark(_NAME, f"channel {channel}: {text}", f"{base}.channels.{channel}")


def _state_field(old: Any, new: Any) -> Iterator[str]:
    if new is None:
        yield "is gone"
        return
    for key, default in (("type", "any"), ("reducer", "replace")):
        before, now = at(old, key) or default, at(new, key) or default
        if before != now and now != "any":
            yield f"has the {key} {now}, was {before}"


def _store(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, STORE)
    if not old or not new:
        return
    if old.get("database") != new.get("database"):
        yield Mark(
            _NAME,
            f"the database is {new.get('database')}, was {old.get('database')}: it starts empty",
            f"{base}.database",
        )
    after = {str(at(one, "name")): one for one in items(new, "collections")}
    for before in items(old, "collections"):
        name = str(at(before, "name"))
        path = f"{base}.collections[{name}]"
        if name not in after:
            yield Mark(
                _NAME, f"collection {name} is gone; its documents stay and belong to nobody", f"{base}.collections"
            )
            continue
        for text in narrowed(mapping(before, "schema"), mapping(after[name], "schema"), name):
            yield Mark(_NAME, f"collection {text}", f"{path}.schema")
        for index in items(after[name], "indexes"):
            if at(index, "unique") and index not in items(before, "indexes"):
                yield Mark(
                    _NAME,
                    f"collection {name}: {', '.join(texts(index, 'fields'))} have to be unique",
                    f"{path}.indexes",
                )


def narrowed(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield how a JSON Schema takes less than another, as far as its plain keywords tell."""
    yield from _types(old, new, path)
    for name in texts(new, "required"):
        if name not in texts(old, "required"):
            yield f"{path} requires {name}"
    if new.get("additionalProperties") is False and old.get("additionalProperties", True) is not False:
        yield f"{path} takes no other properties any more"
    lost = [value for value in items(old, "enum") if value not in items(new, "enum")] if "enum" in new else []
    if lost or ("enum" in new and "enum" not in old):
        yield f"{path} takes fewer values" + (f": not {', '.join(map(str, lost))}" if lost else "")
    yield from _bounds(old, new, path)
    yield from _inside(old, new, path)


def widened(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> list[str]:
    """Return where a JSON Schema takes more than another; a property more is none of them."""
    found = (text for text in narrowed(new, old, path) if not text.endswith(" is gone"))
    return list(dict.fromkeys(text.split()[0] for text in found))


def _types(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    before, now = _type(old), _type(new)
    if now and not (before and before <= (now | {"integer"} if "number" in now else now)):
        yield f"{path} is {' or '.join(sorted(now))}, was {' or '.join(sorted(before)) or 'anything'}"


def _type(schema: Mapping[str, Any]) -> set[str]:
    found = schema.get("type")
    return {found} if isinstance(found, str) else set(texts(schema, "type"))


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    for keys, sign in ((_LOW, 1), (_HIGH, -1)):
        for key in keys:
            if key in new and (key not in old or sign * new[key] > sign * old[key]):
                yield f"{path} has {key} {new[key]}" + (f", was {old[key]}" if key in old else "")
    for key in ("pattern", "format", "const"):
        if key in new and old.get(key) != new[key]:
            yield f"{path} has another {key}"


def _inside(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, before in mapping(old, "properties").items():
        now = mapping(new, "properties").get(name)
        if isinstance(now, Mapping) and isinstance(before, Mapping):
            yield from narrowed(mapping(before), mapping(now), f"{path}.{name}")
        elif now is None and new.get("additionalProperties") is False:
            yield f"{path}.{name} is gone"
    if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
        yield from narrowed(mapping(old, "items"), mapping(new, "items"), f"{path}[]")


RISK = Risk(_NAME, run)
