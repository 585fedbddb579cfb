"""Two trees -> the objects that differ. Only files that differ are read, and only documents that differ are parsed."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from generator import ownership
from generator.diff import documents
from generator.diff.fields import differences
from generator.diff.model import FOLDER, Change, Diff, Field, Object, Owner, Risk
from generator.diff.sides import Side
from generator.problems import Failure, nearest

_HASHED = re.compile(r"-[0-9a-f]{10}")
"""The end of the name of an object that never changes: a digest of its content."""
_Key = tuple[str, str, str]


def compare(old: Side, new: Side, risks: Iterable[Risk], environments: Sequence[str] = ()) -> Diff:
    """Return what differs between two trees, in some environments or in all.

    Raises:
        Failure: neither side has one of the environments.
    """
    known = old.environments | new.environments
    for name in environments:
        if name not in known:
            raise Failure(f'there is no environment "{name}" on either side', nearest(name, known))
    before, after = _objects(old, new, environments)
    changes = [_marked(change, risks) for change in _changes(before, after)]
    return Diff(old.label, tuple(changes))


def _objects(old: Side, new: Side, environments: Sequence[str]) -> tuple[dict[_Key, Object], dict[_Key, Object]]:
    """Return the objects of both sides whose text differs, by environment and key."""
    paths = sorted(p for p in old.ids.keys() | new.ids.keys() if old.ids.get(p) != new.ids.get(p))
    chosen = [path for path in paths if not environments or path.split("/")[0] in environments]
    left, right = old.read(p for p in chosen if p in old.ids), new.read(p for p in chosen if p in new.ids)
    before: dict[Any, Object] = {}
    after: dict[Any, Object] = {}
    for path in chosen:
        one, other = _parts(path, left.get(path, b"")), _parts(path, right.get(path, b""))
        before |= _read(path, left.get(path, b""), one, other)
        after |= _read(path, right.get(path, b""), other, one)
    return before, after


def _parts(path: str, data: bytes) -> Mapping[str, int]:
    if documents.is_document(path):
        return {data.split(b"\n", 1)[-1].decode("utf-8", "replace"): 1} if data else {}
    if documents.is_ours(data):
        return documents.parts(data)
    return documents.parts_of_others(data) if ownership.is_applied(path) else {}


def _read(path: str, data: bytes, texts: Mapping[str, int], others: Mapping[str, int]) -> dict[Any, Object]:
    environment, owner = path.split("/")[0], documents.owner_of(path, data)
    differing = {text: line for text, line in texts.items() if text not in others}
    if documents.is_document(path):
        found = (documents.as_file(environment, path, owner, text) for text in differing)
    else:
        found = documents.objects(environment, path, owner, differing)
    of_others = "" if documents.is_ours(data) else path  # the same object may stand in a file of ours
    return {(item.environment, of_others, *item.key): item for item in found}


def _changes(before: Mapping[Any, Object], after: Mapping[Any, Object]) -> Iterator[Change]:
    pairs = [(before[key], after[key]) for key in before if key in after]
    gone = {key: item for key, item in before.items() if key not in after}
    fresh = {key: item for key, item in after.items() if key not in before}
    renamed = list(_renamed(gone, fresh))
    pairs += renamed
    versions: dict[str, dict[str, str]] = {}
    for old, new in renamed:
        versions.setdefault(old.environment, {}).update(_versions(old, new))
    found = [change for old, new in pairs if (change := _change(old, new, versions.get(old.environment, {})))]
    done = {id(item) for pair in renamed for item in pair}
    gone = {key: item for key, item in gone.items() if id(item) not in done}
    added = {_content(item): item.name for item in fresh.values() if id(item) not in done}
    found += [Change(item, None, renamed=added.get(_content(item), "")) for item in gone.values()]
    found += [Change(None, item) for item in fresh.values() if id(item) not in done]
    yield from sorted(found, key=_order)


def _order(change: Change) -> tuple[Any, ...]:
    item = change.object
    return item.owner, item.kind, stem(item.name), item.environment, change.verb


def stem(name: str) -> str:
    """Return the name of an object without the digest of its content."""
    return _HASHED.sub("", name) if _HASHED.fullmatch(name[-11:]) else name


def _renamed(gone: Mapping[Any, Object], fresh: Mapping[Any, Object]) -> Iterator[tuple[Object, Object]]:
    """Yield objects that are named by their content and have a new one."""
    by_stem = {(i.environment, i.kind, i.namespace, stem(i.name)): i for i in fresh.values() if stem(i.name) != i.name}
    for item in gone.values():
        other = by_stem.pop((item.environment, item.kind, item.namespace, stem(item.name)), None)
        if other and stem(item.name) != item.name:
            yield item, other


def _content(item: Object) -> tuple[Owner, str, str, str, str]:
    """Return what an object is apart from its name: two with the same, one gone and one added, are a rename."""
    value, _ = _follow(item.value, {item.name: ""}, frozenset())
    return item.owner, item.environment, item.namespace, item.kind, json.dumps(value, sort_keys=True, default=str)


def _versions(old: Object, new: Object) -> Iterator[tuple[str, str]]:
    """Yield by what others name a version of an object: its name, and the digest of the document in it."""
    yield old.name, new.name
    digests = [doc["digest"] for side in (old, new) for doc in side.value.get("data", {}).values() if _has_digest(doc)]
    if len(digests) == 2:
        yield digests[0], digests[1]


def _has_digest(document: Any) -> bool:
    return isinstance(document, Mapping) and "format" in document and "digest" in document


def _change(old: Object, new: Object, versions: Mapping[str, str]) -> Change | None:
    value, follows = _follow(old.value, versions, frozenset(dict(_versions(old, new)))) if versions else (old.value, 0)
    fields = (*_moved(old, new), *differences(_plain(value), _plain(new.value)))
    return Change(old, new, fields, follows) if fields or follows or old.name != new.name else None


def _moved(old: Object, new: Object) -> Iterator[Field]:
    """Yield where an object stands, if that is another Application's folder now."""
    if old.name == new.name and old.folder != new.folder:
        yield Field(FOLDER, old.folder, new.folder)


def _follow(value: Any, versions: Mapping[str, str], own: frozenset[str]) -> tuple[Any, int]:
    """Return a value in which new versions of other objects stand for old ones, and how many there are."""
    if isinstance(value, str):
        return (versions[value], 1) if value in versions and value not in own else (value, 0)
    if isinstance(value, dict):
        pairs = {key: _follow(item, versions, own) for key, item in cast("dict[str, Any]", value).items()}
        return {key: item for key, (item, _) in pairs.items()}, sum(count for _, count in pairs.values())
    if isinstance(value, list):
        items = [_follow(item, versions, own) for item in cast("list[Any]", value)]
        return [item for item, _ in items], sum(count for _, count in items)
    return value, 0


def _plain(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object without what says only that something else in it is different: digest, and name by digest."""
    data = value.get("data")
    metadata = value.get("metadata")
    found = dict(value)
    if isinstance(data, dict):
        found["data"] = {key: _undigested(item) for key, item in cast("dict[str, Any]", data).items()}
    if isinstance(metadata, dict):
        meta = cast("dict[str, Any]", metadata)
        found["metadata"] = {**meta, "name": stem(str(meta.get("name")))}
    return found


def _undigested(item: Any) -> Any:
    if _has_digest(item):
        return {key: value for key, value in cast("Mapping[str, Any]", item).items() if key != "digest"}
    return item


def _marked(change: Change, risks: Iterable[Risk]) -> Change:
    marks = [mark for risk in risks for mark in risk.run(change)]
    return replace(change, marks=tuple(dict.fromkeys(marks)))
