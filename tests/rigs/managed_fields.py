"""The part of a live object that one field manager owns: what came of the fields that it applied.

The tree in `metadata.managedFields` says which fields those are: `f:name` is a field, `k:{...}` the list item with
these keys, `v:...` a value of a set, and an empty tree the whole value, which is then compared as it is: a list that
the server treats as one value comes back with every default that it put into its items.
"""

import itertools
import json
from collections.abc import Mapping
from typing import Any, cast

Tree = Mapping[str, Any]
Fields = dict[str, Any]


def owned(live: Mapping[str, Any], manager: str) -> Fields:
    """The fields of a live object that this manager applied, beside the object's identity."""
    entries: list[Tree] = live["metadata"]["managedFields"]
    tree = next(entry["fieldsV1"] for entry in entries if entry["manager"] == manager and entry["operation"] == "Apply")
    identity = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
    fields: Fields = _extract(live, tree)
    metadata = fields.get("metadata", {}) | identity
    return {"apiVersion": live["apiVersion"], "kind": live["kind"]} | fields | {"metadata": metadata}


def differences(rendered: Any, live: Any, path: str = "") -> list[str]:
    """Where two values differ, one line for each place, as `path: rendered 1, live 2`.

    A false, zero or empty value that the server leaves out is no difference: it means the same.
    """
    if isinstance(rendered, dict) and isinstance(live, dict):
        keys = sorted(cast("Fields", rendered).keys() | cast("Fields", live).keys())
        pairs = [(f"{path}.{key}", cast("Fields", rendered).get(key), cast("Fields", live).get(key)) for key in keys]
    elif isinstance(rendered, list) and isinstance(live, list):
        both = itertools.zip_longest(cast("list[Any]", rendered), cast("list[Any]", live))
        pairs = [(f"{path}[{index}]", *pair) for index, pair in enumerate(both)]
    else:
        same = rendered == live or (live is None and not rendered)
        return [] if same else [f"{path}: rendered {rendered!r}, live {live!r}"]
    return [line for place, ours, theirs in pairs for line in differences(ours, theirs, place)]


def _extract(value: Any, tree: Tree) -> Any:
    children = {key: subtree for key, subtree in tree.items() if key != "."}
    if not children:
        return value
    if isinstance(value, list):
        items = cast("list[Any]", value)
        found = [(item, _subtree(item, children)) for item in items]
        return [_extract(item, subtree) for item, subtree in found if subtree is not None]
    return {key[2:]: _extract(value[key[2:]], subtree) for key, subtree in children.items() if key[2:] in value}


def _subtree(item: Any, children: Tree) -> Tree | None:
    """The tree of a list's item, if the manager owns anything of it."""
    return next((subtree for key, subtree in children.items() if _is(item, key)), None)


def _is(item: Any, key: str) -> bool:
    sort, _, text = key.partition(":")
    wanted = json.loads(text)
    if sort == "v":
        return item == wanted
    return all(item.get(name) == value for name, value in wanted.items())
