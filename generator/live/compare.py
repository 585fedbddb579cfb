"""What is rendered and what runs -> the objects that differ.

Only what is rendered is compared: what a server fills in, and what controllers write, is no difference. On top of that,
what somebody changed with kubectl and nobody rendered is shown: `metadata.managedFields` says who wrote each field.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from generator import conventions
from generator.diff import documents
from generator.diff.fields import differences, joined
from generator.diff.model import ABSENT, Change, Diff, Field, Object, Owner, Risk
from generator.live.cluster import Cluster
from generator.problems import Failure

_BY_HAND = (
    "kubectl",
    "kubectl-edit",
    "kubectl-patch",
    "kubectl-label",
    "kubectl-annotate",
    "kubectl-replace",
    "k9s",
    "kubectl-create",
    "kubectl-scale",
    "kubectl-client-side-apply",
    "node-fetch",
    "Mozilla",
    "lens",
)
_NAMED_BY = ("name", "containerPort", "mountPath", "topologyKey", "key", "ip", "alert", "port", "type")


def compare(cluster: Cluster, files: Mapping[str, bytes], environment: str, risks: Iterable[Risk]) -> Diff:
    """Return how a cluster differs from what is rendered for one environment; the cluster is the old side."""
    wanted = list(_objects(environment, files))
    changes = [change for item in wanted if (change := _change(cluster, item))]
    changes += [Change(item, None) for item in _left_over(cluster, wanted, environment)]
    if cluster.refused:
        shown = ", ".join(sorted(set(cluster.refused))[:3])
        raise Failure(
            f"this account may not read {len(set(cluster.refused))} of the objects, such as {shown}",
            "nothing is said of a part only; `kubectl auth can-i get` tells what is missing",
        )
    ordered = sorted(changes, key=lambda c: (c.object.owner, c.object.kind, c.object.name, c.verb))
    return Diff(f"the cluster at {cluster.host}", tuple(_marked(change, risks) for change in ordered))


def _objects(environment: str, files: Mapping[str, bytes]) -> Iterator[Object]:
    for path, data in sorted(files.items()):
        if not documents.is_document(path):
            yield from documents.objects(environment, path, documents.owner_of(path, data), documents.parts(data))


def _change(cluster: Cluster, item: Object) -> Change | None:
    found = cluster.find(str(item.value["apiVersion"]), item.kind, item.namespace, item.name)
    if found is None:
        return Change(None, item)
    live = documents.opened(found)
    kept = cast("Mapping[str, Any]", restricted(live, item.value, item.kind))
    fields = tuple(f for f in differences(kept, item.value) if not _means_the_same(f))
    fields += tuple(_by_hand(found, live, item.value))
    old = Object(
        item.environment, item.owner, item.file, item.kind, item.namespace, item.name, kept, item.text, item.line
    )
    return Change(old, item, fields) if fields else None


def _means_the_same(field: Field) -> bool:
    """A false, zero or empty value that the server leaves out means the same."""
    return field.old is ABSENT and field.new in (False, 0, "", [], {}, None) and field.new is not ABSENT


# --- only what is rendered --------------------------------------------------------------------------------------------


def restricted(live: Any, rendered: Any, kind: str = "") -> Any:
    """Return the part of a live value that the rendered one speaks of; items that were added to a list stay."""
    if isinstance(live, Mapping) and isinstance(rendered, Mapping):
        old, new = cast("Mapping[str, Any]", live), cast("Mapping[str, Any]", rendered)
        whole = dict(mapping(old.get("data")).items()) if kind == "ConfigMap" else None
        kept = {key: restricted(old[key], value) for key, value in new.items() if key in old}
        if whole is not None and "data" in kept:
            kept["data"] = {**whole, **kept["data"]}
        return kept
    if isinstance(live, list) and isinstance(rendered, list):
        return _items(cast("list[Any]", live), cast("list[Any]", rendered))
    return cast("Any", live)


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, or an empty one for whatever else stands there."""
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {}


def _items(live: list[Any], rendered: list[Any]) -> list[Any]:
    key = _key(live, rendered)
    if key is None:
        return [restricted(item, rendered[i] if i < len(rendered) else item) for i, item in enumerate(live)]
    by_name = {json.dumps(mapping(item)[key]): item for item in rendered}
    return [restricted(item, by_name.get(json.dumps(mapping(item)[key]), item)) for item in live]


def _key(live: Sequence[Any], rendered: Sequence[Any]) -> str | None:
    """Return what names the items of both lists."""
    for key in _NAMED_BY:
        sides = [[mapping(item).get(key) for item in side] for side in (live, rendered)]
        if all(None not in side and len({json.dumps(v) for v in side}) == len(side) for side in sides):
            return key
    return None


# --- what was changed by hand -----------------------------------------------------------------------------------------


def _by_hand(found: Mapping[str, Any], live: Mapping[str, Any], rendered: Mapping[str, Any]) -> Iterator[Field]:
    """Yield fields that only a person's tool wrote, and that are not rendered."""
    entries = [mapping(e) for e in found.get("metadata", {}).get("managedFields", [])]
    for entry in entries:
        if entry.get("subresource") or not str(entry.get("manager", "")).startswith(_BY_HAND):
            continue
        yield from _foreign(mapping(entry.get("fieldsV1")), live, rendered, "")


def _foreign(tree: Mapping[str, Any], live: Any, rendered: Any, path: str) -> Iterator[Field]:
    for key, below in tree.items():
        sort, _, name = key.partition(":")
        if sort != "f" or not isinstance(live, Mapping) or name not in live or (path == "" and name == "status"):
            continue
        value = cast("Mapping[str, Any]", live)[name]
        here = joined(path, name)
        if name.startswith("kubectl.kubernetes.io/") or name == "managedFields":
            continue
        if name not in mapping(rendered):
            yield Field(here, value, ABSENT)
        elif mapping(below):
            yield from _foreign(mapping(below), value, mapping(rendered)[name], here)


# --- what is no longer rendered ---------------------------------------------------------------------------------------


def _left_over(cluster: Cluster, wanted: Sequence[Object], environment: str) -> Iterator[Object]:
    """Yield objects of ours in the cluster that are not rendered any more: the next sync removes them."""
    keys = {(item.kind, item.namespace, item.name) for item in wanted}
    kinds = sorted({(str(i.value["apiVersion"]), i.kind, i.namespace) for i in wanted if i.kind != "Namespace"})
    ours = {conventions.LABEL_MANAGED_BY: conventions.MANAGER, conventions.LABEL_ENVIRONMENT: environment}
    for api_version, kind, namespace in kinds:
        for found in cluster.list(api_version, kind, namespace, ours):
            metadata = found["metadata"]
            if (kind, metadata.get("namespace", ""), metadata["name"]) not in keys and not metadata.get(
                "ownerReferences"
            ):
                spec = metadata.get("annotations", {}).get(conventions.ANNOTATION_SPEC, "?")
                yield Object(
                    environment,
                    Owner(spec, "", ""),
                    f"{environment}/?",
                    kind,
                    metadata.get("namespace", ""),
                    metadata["name"],
                    documents.opened(found),
                    "",
                    1,
                )


def _marked(change: Change, risks: Iterable[Risk]) -> Change:
    marks = [mark for risk in risks for mark in risk.run(change)]
    return Change(change.old, change.new, change.fields, change.follows, tuple(dict.fromkeys(marks)))
