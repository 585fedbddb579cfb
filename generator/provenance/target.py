"""A line of a rendered file -> the object it belongs to, and the field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from generator import conventions
from generator.diff import documents
from generator.diff.compare import stem
from generator.diff.model import ABSENT, Object, Owner
from generator.links import followed
from generator.problems import Failure, path_text

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Target:
    """One line of a rendered file."""

    path: str
    """File, below rendered/."""
    line: int
    text: str
    owner: Owner
    item: Object | None
    """Object, unless the line is the header or between objects."""
    field: tuple[str | int, ...] = ()
    """Path of the value in the object; documents inside a ConfigMap are part of it."""

    @property
    def environment(self) -> str:
        """Environment that the file belongs to."""
        return self.path.split("/")[0]

    @property
    def field_text(self) -> str:
        """The path for people."""
        return path_text(self.field)

    def is_in(self, files: Mapping[str, bytes]) -> bool:
        """Return whether a part of a rendered tree holds the object."""
        data = files.get(self.path)
        if data is None or self.item is None:
            return data is not None
        return self.item.kind == "File" or any(_same(one, self.item) for one in _objects(self.path, data))

    def value(self, files: Mapping[str, bytes]) -> Any:
        """Return what stands here in a rendered tree; `ABSENT` where there is nothing.

        Of a text of several lines it is this line, or `ABSENT` where the text has no such line.
        """
        data = files.get(self.path)
        if data is None:
            return ABSENT
        if self.item is None or self.item.kind == "File":
            return self._line(data.decode("utf-8", "replace"))
        found = next((one for one in _objects(self.path, data) if _same(one, self.item)), None)
        value: Any = found.value if found else ABSENT
        for part in self.field:
            value = _child(value, part)
        return self._line(value) if isinstance(value, str) and "\n" in value else value

    def _line(self, text: str) -> Any:
        return self.text.strip() if self.text.strip() in (line.strip() for line in text.splitlines()) else ABSENT


def _same(one: Object, other: Object) -> bool:
    return one.kind == other.kind and stem(one.name) == stem(other.name)


def _child(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping) and part in value:
        return cast("Mapping[str | int, Any]", value)[part]
    if isinstance(value, list) and isinstance(part, int) and part < len(cast("list[Any]", value)):
        return cast("list[Any]", value)[part]
    return ABSENT


def _objects(path: str, data: bytes) -> list[Object]:
    owner = documents.owner_of(path, data)
    return list(documents.objects(path.split("/")[0], path, owner, documents.parts(data)))


def find(root: Path, where: str) -> Target:
    """Return what stands at `rendered/<environment>/<group>/<file>[:LINE]`; without a line it is the first.

    Raises:
        Failure: there is no such file or line, or apm did not write it.
    """
    name, _, number = where.partition(":")
    path, line = root / name, int(number.split(":")[0]) if number.split(":")[0].isdigit() else 1
    relative = _below_rendered(root, path, name)
    data = path.read_bytes()
    if not documents.is_ours(data):
        raise Failure(f"{name} was not rendered by apm", "it has no header line; nothing here changes or deletes it")
    lines = data.decode("utf-8", "replace").splitlines()
    if not 0 < line <= len(lines):
        raise Failure(f"{name} has {len(lines)} lines", "write it as rendered/<environment>/<group>/<file>:<line>")
    return _target(relative, data, line, lines[line - 1])


def _below_rendered(root: Path, path: Path, name: str) -> str:
    top = followed(root / conventions.RENDERED)
    if not path.is_file() or not followed(path).is_relative_to(top):
        raise Failure(f"there is no file {name}", "write it as rendered/<environment>/<group>/<file>:<line>")
    return followed(path).relative_to(top).as_posix()


def _target(path: str, data: bytes, line: int, text: str) -> Target:
    owner = documents.owner_of(path, data)
    if documents.is_document(path):
        item = documents.as_file(path.split("/")[0], path, owner, data.decode("utf-8", "replace"))
        return Target(path, line, text, owner, item if line > 1 else None)
    item = next((one for one in reversed(_objects(path, data)) if one.line <= line), None)
    if item is None or item.kind == "File" or text == "---":
        return Target(path, line, text, owner, None)
    return Target(path, line, text, owner, item, _field(item.text, line - item.line))


def _field(text: str, line: int) -> tuple[str | int, ...]:
    """Return the path of what stands at a line of a YAML or JSON text, from 0."""
    try:
        node: Any = cast("Any", yaml).compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return ()
    path: list[str | int] = []
    while (step := _at(node, line)) is not None:
        part, start, node = step
        path.append(part)
        inner = _inside(str(part), node)
        if inner is not None and line > start:
            return (*path, *_field(inner, line - start - 1))
    return tuple(path)


def _at(node: Any, line: int) -> tuple[str | int, int, Any] | None:
    """Return the last part of a node that begins at this line or before: its name, its line and its value."""
    parts: Sequence[tuple[str | int, int, Any]] = ()
    if isinstance(node, yaml.MappingNode):
        parts = [(key.value, key.start_mark.line, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        parts = [(index, value.start_mark.line, value) for index, value in enumerate(node.value)]
    return next((part for part in reversed(parts) if part[1] <= line), None)


def _inside(name: str, node: Any) -> str | None:
    """Return the document that a value of a ConfigMap holds, if it is one."""
    is_block = isinstance(node, yaml.ScalarNode) and node.style == "|"
    return node.value if is_block and name.endswith((".yaml", ".yml", ".json")) else None
