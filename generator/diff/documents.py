"""A rendered file -> the objects in it, each with its text, its line and the documents inside it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import yaml

from generator import conventions
from generator.diff import reader
from generator.diff.model import Object, Owner

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SEPARATOR = "---\n"


def is_ours(data: bytes) -> bool:
    """Return whether apm rendered a file."""
    return conventions.HEADER_MARK.encode() in data[: data.find(b"\n") if b"\n" in data else len(data)]


def owner_of(path: str, data: bytes) -> Owner:
    """Return the spec that a rendered file says it comes from; the file itself, where it is of others."""
    if not is_ours(data) and not is_document(path):
        return Owner(f"{conventions.RENDERED}/{path}", "", "")
    head = data.split(b"\n", 1)[0].decode("utf-8", "replace")
    spec = head.partition(conventions.HEADER_MARK)[2].rpartition(" (")[0]
    name = path.split("/")[-1].removesuffix(".yaml")
    kind, _, rest = name.partition(".")
    return Owner(spec, "", "") if is_document(path) else Owner(spec, kind, rest)


def is_document(path: str) -> bool:
    """Return whether a path below rendered/ is a document for people and no manifest."""
    return path.split("/")[1] == "docs"


def parts(data: bytes) -> dict[str, int]:
    """Return the texts of the YAML documents of a rendered file, with the lines at which they start.

    A file with merge conflicts or edits by hand is cut in the same way.
    """
    found: dict[str, int] = {}
    line = 1
    for number, part in enumerate(data.decode("utf-8", "replace").split("\n" + _SEPARATOR)):
        if number:
            found[part.rstrip("\n") + "\n"] = line
        line += part.count("\n") + 2
    return found


def parts_of_others(data: bytes) -> dict[str, int]:
    """Return the texts of the documents of a manifest that apm did not write, with their lines."""
    found: dict[str, int] = {}
    line = 1
    for part in data.decode("utf-8", "replace").split("\n" + _SEPARATOR):
        text = part.removeprefix(_SEPARATOR).rstrip("\n") + "\n"
        if text.strip():
            found[text] = line + part.startswith(_SEPARATOR)
        line += part.count("\n") + 2
    return found


def objects(environment: str, path: str, owner: Owner, texts: Mapping[str, int]) -> Iterator[Object]:
    """Yield the objects of some documents of a file; what can't be read is a `File` with its text."""
    for text, line in texts.items():
        value = _value(text)
        metadata: Any = value.get("metadata") if value else None
        if value is None or not isinstance(metadata, Mapping):
            yield as_file(environment, path, owner, text, line)
            continue
        meta = cast("Mapping[str, Any]", metadata)
        namespace, name = str(meta.get("namespace") or ""), str(meta.get("name"))
        yield Object(environment, owner, path, str(value.get("kind")), namespace, name, opened(value), text, line)


def as_file(environment: str, path: str, owner: Owner, text: str, line: int = 1) -> Object:
    """Return a text as an object of the kind `File`."""
    name = path.split("/", 1)[1] + (f":{line}" if line > 1 else "")
    return Object(environment, owner, path, "File", "", name, {"text": text}, text, line)


def _value(text: str) -> dict[str, Any] | None:
    try:
        found = reader.loads(text)
    except ValueError:
        found = _any_yaml(text)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _any_yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506  (a safe loader, the fast one)
    except (yaml.YAMLError, ValueError):
        return None


def opened(value: dict[str, Any]) -> dict[str, Any]:
    """Return a ConfigMap with the YAML and JSON documents in it as values."""
    data = value.get("data")
    if value.get("kind") != "ConfigMap" or not isinstance(data, dict):
        return value
    return {**value, "data": {key: _read(key, text) for key, text in cast("dict[str, Any]", data).items()}}


def _read(name: str, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if name.endswith((".yaml", ".yml")):
        return _value(text) or text
    if name.endswith(".json"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def line_of(item: Object, path: str) -> int:
    """Return the line of its file at which the value of a field's path stands, or the nearest part above it."""
    try:
        node: Any = cast("Any", yaml).compose(item.text, Loader=_LOADER)
    except yaml.YAMLError:
        return item.line
    line = 0
    for part in _steps(path):
        found = _child(node, part)
        if found is None:
            break
        key, node = found
        line = key.start_mark.line
    return item.line + line


def _steps(path: str) -> Iterator[str]:
    """Yield the parts of a field's path: `a.b[c]["d"]` is a, b, [c, d."""
    rest = path
    while rest:
        if rest.startswith('["'):
            part, _, rest = rest[2:].partition('"]')
            yield part
        elif rest.startswith("["):
            part, _, rest = rest[1:].partition("]")
            yield f"[{part}"
        else:
            rest = rest.removeprefix(".")
            cut = min((at for at in (rest.find("."), rest.find("[")) if at >= 0), default=len(rest))
            yield rest[:cut]
            rest = rest[cut:]


def _child(node: Any, part: str) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode) and not part.startswith("["):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode):
        wanted = part[1:]
        if wanted.isdigit() and int(wanted) < len(node.value):
            return node.value[int(wanted)], node.value[int(wanted)]
        return next(((item, item) for item in node.value if _is_called(item, wanted)), None)
    return None


def _is_called(node: Any, name: str) -> bool:
    if not isinstance(node, yaml.MappingNode):
        return False
    values = {key.value: value.value for key, value in node.value if isinstance(value, yaml.ScalarNode)}
    labels = next((value for key, value in node.value if key.value == "labels"), None)
    severity = {k.value: v.value for k, v in labels.value}.get("severity", "") if labels is not None else ""
    return name in (
        *values.values(),
        f"{values.get('alert')} {severity}",
        f"{values.get('group')} {values.get('kind')}",
    )
