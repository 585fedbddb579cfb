"""Reads rendered objects: values at a path that may not be there, and the parts that several risks look at."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from generator.diff.model import Change, Object

Value = Mapping[str, Any]
WORKFLOW, STORE = "apm.workflow/v1", "apm.store/v1"
"""Formats of documents in ConfigMaps."""
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")
_FACTORS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
            "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}  # fmt: skip


def at(value: Any, *path: str) -> Any:
    """Return the value at a path of keys, or None."""
    for part in path:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, Any]", value).get(part)
    return value


def mapping(value: Any, *path: str) -> Value:
    """Return the mapping at a path, or an empty one."""
    found = at(value, *path)
    return cast("Value", found) if isinstance(found, dict) else {}


def items(value: Any, *path: str) -> Sequence[Any]:
    """Return the list at a path, or an empty one."""
    found = at(value, *path)
    return cast("Sequence[Any]", found) if isinstance(found, list) else ()


def texts(value: Any, *path: str) -> list[str]:
    """Return the list of texts at a path, or an empty one."""
    return [str(item) for item in items(value, *path)]


def of(item: Object | None, *kinds: str) -> Value:
    """Return an object's value if it is of one of these kinds, else an empty mapping."""
    return item.value if item is not None and item.kind in kinds else {}


def document(item: Object | None, form: str) -> Value:
    """Return the document of a format (such as `apm.workflow/v1`) that a ConfigMap holds, or an empty mapping."""
    for doc in mapping(of(item, "ConfigMap"), "data").values():
        if at(doc, "format") == form:
            return mapping(doc)
    return {}


def _data_path(item: Object, form: str) -> str:
    """Return the path of that document in the ConfigMap."""
    for key, doc in mapping(item.value, "data").items():
        if at(doc, "format") == form:
            return f'data["{key}"]'
    return "data"


def documents(change: Change, form: str) -> tuple[Value, Value, str]:
    """Return both sides of a document, each empty where there is none, and its path in the ConfigMap."""
    return document(change.old, form), document(change.new, form), _data_path(change.object, form)


def pod(item: Object | None) -> tuple[Value, str]:
    """Return the pod spec of a workload, and its path."""
    value: Value = item.value if item else {}
    for path in (("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec")):
        found = mapping(value, *path)
        if found:
            return found, ".".join(path)
    return (mapping(value, "spec"), "spec") if at(value, "kind") == "Pod" else ({}, "spec")


def containers(item: Object | None) -> dict[str, tuple[Value, str]]:
    """Return the containers of a workload with their paths, by name."""
    spec, path = pod(item)
    return {
        str(at(one, "name")): (one, f"{path}.{kind}[{at(one, 'name')}]")
        for kind in ("initContainers", "containers")
        for one in items(spec, kind)
    }


def seconds(text: Any) -> float | None:
    """Return a duration such as `1h30m` in seconds; None where it is none."""
    if not isinstance(text, str) or not text or _DURATION.sub("", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))


def quantity(value: Any) -> float | None:
    """Return a Kubernetes quantity as a number; None where it is none."""
    match = _QUANTITY.fullmatch(str(value))
    return float(match[1]) * _FACTORS.get(match[2], 1) if match else None


def steps(document_: Any, prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Yield every step of a workflow document with its name: those inside branches, loops and handlers too."""
    for step in items(document_, "steps") if isinstance(document_, Mapping) else document_:
        name = f"{prefix}{at(step, 'id')}"
        yield name, step
        for branch, inner in mapping(step, "parallel", "branches").items():
            yield from steps(inner, f"{name}/{branch}/")
        yield from steps(items(step, "forEach", "steps"), f"{name}/each/")
        for handler in items(step, "onError"):
            yield from steps(items(handler, "do"), f"{name}/{at(handler, 'match') or '*'}/")
        yield from steps(items(step, "compensate"), f"{name}/compensate/")


def triggers(document_: Value) -> list[str]:
    """Return what starts a workflow besides people, in words."""
    return [
        f"channel {at(one, 'channel')}"
        if at(one, "channel")
        else f"the schedule {at(one, 'cron')} {at(one, 'timeZone')}"
        for one in items(document_, "triggers")
    ]
