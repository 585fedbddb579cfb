"""The key-value store: items in namespaces, found by their words and their values."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from runtime.app import finding, views
from runtime.app.call import Call, Handler, checked, nothing, shown
from runtime.contract.kept_api import (
    ItemAsked,
    ItemNamed,
    ItemsAsked,
    ItemShown,
    ItemsShown,
    NamespacesAsked,
    NamespacesShown,
)
from runtime.services.store.kept import Entry

MINUTE = 60_000


def _id(call: Call, namespace: list[str], key: str) -> str:
    return "\x1f".join((call.scope.tenant, *namespace, key))


async def _put(call: Call) -> Response:
    body = await call.body(ItemAsked)
    id_ = _id(call, body.namespace, body.key)
    words = body.index is not False
    fields = {
        "namespace": ".".join(body.namespace),
        "expires": int(call.now + body.ttl * MINUTE) if body.ttl else 0,
    }
    kept = {"namespace": body.namespace, "key": body.key, "value": body.value, "words": words}
    if not await call.scope.items.set(id_, kept, call.now, **fields):
        await call.scope.items.add(id_, kept, call.now, **fields)
    return nothing()


async def _get(call: Call) -> Response:
    namespace = [part for part in call.query("namespace").split(".") if part]
    named = checked(ItemNamed, {"namespace": namespace, "key": call.query("key")})
    entry = await call.scope.items.get(_id(call, named.namespace, named.key))
    return shown(_shown(entry)) if entry and _lives(call, entry) else JSONResponse(None)


async def _delete(call: Call) -> Response:
    body = await call.body(ItemNamed)
    await call.scope.items.remove(_id(call, body.namespace, body.key))
    return nothing()


def _lives(call: Call, entry: Entry) -> bool:
    return not entry.fields["expires"] or entry.fields["expires"] > call.now


def _shown(entry: Entry, score: float | None = None) -> ItemShown:
    times = {"created_at": views.moment(entry.created), "updated_at": views.moment(entry.updated)}
    body = entry.body
    return ItemShown(namespace=body["namespace"], key=body["key"], value=body["value"], score=score, **times)


async def _below(call: Call, prefix: list[str]) -> AsyncIterator[Entry]:
    async for entry in call.scope.items.starting_with("namespace", ".".join(prefix), (("created", 1),)):
        if _lives(call, entry) and entry.body["namespace"][: len(prefix)] == prefix:
            yield entry


async def _search(call: Call) -> Response:
    asked = await call.body(ItemsAsked)
    words = asked.query.lower().split() if asked.query else []
    found: list[tuple[float, ItemShown]] = []
    async for entry in _below(call, asked.namespace_prefix):
        score = _score(entry, words)
        if finding.holds(entry.body["value"], asked.filter or {}) and (score or not words):
            found.append((score, _shown(entry, score if words else None)))
    found.sort(key=lambda one: -one[0])
    return shown(ItemsShown(items=[one for _, one in found[asked.offset : asked.offset + asked.limit]]))


def _score(entry: Entry, words: list[str]) -> float:
    """Return which part of the words an item has."""
    if not words or not entry.body["words"]:
        return 0.0
    text = " ".join(_texts(entry.body["value"])).lower()
    return sum(word in text for word in words) / len(words)


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]  # pyright: ignore[reportUnknownVariableType]
    return [str(value)]


async def _namespaces(call: Call) -> Response:
    asked = await call.body(NamespacesAsked)
    found = {tuple(entry.body["namespace"][: asked.max_depth]) async for entry in _below(call, [])}
    prefix, suffix = asked.prefix or [], asked.suffix or []
    fits = sorted(one for one in found if _fits(one, prefix) and _fits(one[::-1], suffix[::-1]))
    part = fits[asked.offset : asked.offset + asked.limit]
    return shown(NamespacesShown(namespaces=[list(one) for one in part]))


def _fits(namespace: tuple[str, ...], start: list[str]) -> bool:
    """Return whether a namespace starts like that; `*` stands for any part."""
    pairs = zip(namespace, start, strict=False)
    return len(namespace) >= len(start) and all(wanted in ("*", part) for part, wanted in pairs)


HANDLERS: Mapping[str, Handler] = {
    "putItem": _put,
    "getItem": _get,
    "deleteItem": _delete,
    "searchItems": _search,
    "listNamespaces": _namespaces,
}
