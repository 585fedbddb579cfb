"""Files below specs/ and policies/ -> documents. The only reader of specs.

YAML is read by libyaml's composer, which keeps marks, and turned into values here: YAML loaders keep the last of two
equal keys and read `yes` and `1e3` by version; this one refuses both.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from generator import conventions
from generator.model import Document, Loaded, Loc
from generator.problems import Place, Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_QUOTED = frozenset("'\"|>")
_PLAIN = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}  # fmt: skip
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?\.[0-9]+|[-+]?(0|[1-9][0-9]*)\.[0-9]*")
_AMBIGUOUS = re.compile(
    r"(?i:y|n|yes|no|on|off|=|<<"
    r"|[-+]?0[0-9_]+|[-+]?0o[0-7_]+|[-+]?0x[0-9a-f_]+|0b[01_]+"  # octal, hexadecimal, binary
    r"|[-+]?[0-9]+(_[0-9]+)+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"  # 1_000, 12:30
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)e[-+]?[0-9]+|[-+]?\.inf|\.nan"  # 1e3
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?)"
)


class _Refused(Exception):
    """One document can't be read."""

    def __init__(self, code: str, message: str, mark: Any, hint: str = "", length: int = 1) -> None:
        super().__init__(message)
        self.code, self.message, self.mark, self.hint, self.length = code, message, mark, hint, length

    def problem(self, file: str) -> Problem:
        place = Place(file, self.mark.line + 1, self.mark.column + 1, self.length) if self.mark else Place(file)
        return Problem(place, self.code, self.message, self.hint)


def load(root: Path) -> Loaded:
    """Read everything below specs/ and policies/ of a repository; what can't be read is a problem, not an exception."""
    documents: list[Document] = []
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for folder in (conventions.SPECS, conventions.POLICIES):
        for path in _walk(root, root / folder, problems):
            name = path.relative_to(root).as_posix()
            if (text := _read(root, path, name, problems)) is not None:
                files[name] = text
    for name, text in files.items():
        if name.endswith((".yaml", ".yml")):
            documents += _documents(name, text, problems)
    if not documents and not problems:
        problems.append(Problem(Place(conventions.SPECS), "no-specs", f"there are no specs below {conventions.SPECS}/",
                                "`apm init DIR` makes a small repository to start from"))  # fmt: skip
    return Loaded(tuple(documents), files, tuple(problems))


def _walk(root: Path, folder: Path, problems: list[Problem]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        path = Path(error.filename)
        if path != folder or folder.exists():
            name = path.relative_to(root).as_posix()
            problems.append(Problem(Place(name), "unreadable", f"{name} can't be read: {error.strerror}"))

    for here, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        folders[:] = [name for name in folders if _inside(root, Path(here, name), problems) and not name.startswith(".")]
        yield from (Path(here, name) for name in sorted(names) if not name.startswith("."))


def _inside(root: Path, path: Path, problems: list[Problem]) -> bool:
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        name = path.relative_to(root).as_posix()
        problems.append(Problem(Place(name), "symlink-outside", f"{name} is a link that leaves the repository",
                                "put the file here instead"))  # fmt: skip
        return False
    return True


def _read(root: Path, path: Path, name: str, problems: list[Problem]) -> str | None:
    if not _inside(root, path, problems):
        return None
    try:
        size = path.stat().st_size
        if size > conventions.FILE_SIZE_LIMIT:
            problems.append(Problem(Place(name), "file-too-large", f"{name} has {size} bytes; a file here may have "
                                    f"{conventions.FILE_SIZE_LIMIT}", "split it into several files"))  # fmt: skip
            return None
        data = path.read_bytes()
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start]  # pyright: ignore[reportPossiblyUnboundVariable]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        problems.append(Problem(Place(name, line, column), "not-utf8", f"{name} is not UTF-8 text",
                                "save it as UTF-8; binary files have no place here"))  # fmt: skip
    except OSError as error:
        problems.append(Problem(Place(name), "unreadable", f"{name} can't be read: {error.strerror}"))
    return None


# --- YAML -----------------------------------------------------------------------------------------------------------


def _documents(file: str, text: str, problems: list[Problem]) -> list[Document]:
    try:
        roots = _compose(text)
    except yaml.YAMLError as error:
        problems.append(_syntax(file, error))
        return []
    except RecursionError:
        problems.append(Problem(Place(file), "too-deep", f"the file is nested deeper than {conventions.DEPTH_LIMIT} levels"))
        return []
    digest = hashlib.sha256(text.encode()).hexdigest()
    found: list[Document] = []
    for index, root in enumerate(roots):
        document = _document(file, text, index, root, digest, problems)
        if document:
            found.append(document)
    return found


def _compose(text: str) -> list[yaml.Node]:
    if _too_deep(text):
        raise RecursionError
    return [node for node in yaml.compose_all(text, Loader=_LOADER) if node is not None]  # pyright: ignore[reportUnknownMemberType, reportUnnecessaryComparison]


def _too_deep(text: str) -> bool:
    """libyaml's composer recurses in C: brackets that run away would end the process."""
    return max(text.count("["), text.count("{"), text.count("- - ")) > 5_000


def _syntax(file: str, error: yaml.YAMLError) -> Problem:
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    hint = ""
    if "'\\t'" in what or "tab" in what:
        what, hint = "a tab character can't be used to indent", "indent with spaces"
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    return Problem(place, "yaml-syntax", f"this is not valid YAML: {what}", hint)


def _document(file: str, text: str, index: int, root: yaml.Node, digest: str, problems: list[Problem]) -> Document | None:
    try:
        if not isinstance(root, yaml.MappingNode):
            raise _Refused("not-a-mapping", "a spec is a mapping with apiVersion, kind, metadata and spec", root.start_mark)
        builder = _Builder(file, problems)
        value = builder.build(root, 0)
    except _Refused as refused:
        problems.append(refused.problem(file))
        return None
    return Document(file, value, digest, lambda loc: place_of(file, text, index, loc), lambda loc: place_of(file, text, index, loc, key=True))


class _Builder:
    """Builds values from nodes. Problems of single values are collected; those of the whole document raise."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems, self.count = file, problems, 0

    def build(self, node: yaml.Node, depth: int) -> Any:
        self.count += 1
        if self.count > conventions.DOCUMENT_NODE_LIMIT:
            raise _Refused("too-many-values", f"the document has more than {conventions.DOCUMENT_NODE_LIMIT} values when its "
                           "aliases are expanded", node.start_mark, "write the values out, without nested aliases")  # fmt: skip
        if depth > conventions.DEPTH_LIMIT:
            raise _Refused("too-deep", f"the document is nested deeper than {conventions.DEPTH_LIMIT} levels", node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._refuse(node, "yaml-tag", f"tags such as {node.tag} are not read")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, depth + 1) for child in node.value]
        return self._mapping(node, depth)

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        built: dict[str, Any] = {}
        first: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in first:
                mark = first[key].start_mark
                self._refuse(key_node, "duplicate-key", f'the key "{key}" stands here a second time', "keep one of the two",
                             related=((Place(self.file, mark.line + 1, mark.column + 1), "the first one"),))  # fmt: skip
                continue
            first[key] = key_node
            built[key] = self.build(value_node, depth + 1)
        return built

    def _key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _Refused("key-type", "a key must be a text", node.start_mark)
        key = self._scalar(node)
        if not isinstance(key, str):
            self._refuse(node, "key-type", f"a key must be a text, this one is read as {_named(key)}", f'quote it: "{node.value}"')
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.endswith(":binary"):
            self._refuse(node, "yaml-tag", f"tags such as {node.tag} are not read", "write the value without a tag")
        text: str = node.value
        if node.style in _QUOTED:
            return text
        value, ambiguous = _plain(text)
        if ambiguous:
            self._refuse(node, "ambiguous-scalar", f"`{text}` is read differently by YAML 1.1 and YAML 1.2",
                         f'quote it if a text is meant: "{text}"; otherwise write true, false or a plain decimal number')  # fmt: skip
        return value

    def _refuse(self, node: Any, code: str, message: str, hint: str = "", related: tuple[tuple[Place, str], ...] = ()) -> None:
        self.problems.append(Problem(_span(self.file, node), code, message, hint, related=related))


@lru_cache(maxsize=16384)
def _plain(text: str) -> tuple[Any, bool]:
    """Return the value of an unquoted scalar, and whether readers disagree about it."""
    if text in _PLAIN:
        return _PLAIN[text], False
    if text[0] in "0123456789.+-yYnNoO=<":
        if _INT.fullmatch(text):
            return int(text), False
        if _FLOAT.fullmatch(text):
            return float(text), False
        if _AMBIGUOUS.fullmatch(text):
            return text, True
    return text, False


def _named(value: Any) -> str:
    return {"NoneType": "nothing", "bool": "true or false", "int": "a number", "float": "a number"}[type(value).__name__]


# --- places ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _nodes(text: str) -> list[yaml.Node]:
    return _compose(text)


def place_of(file: str, text: str, index: int, loc: Loc, *, key: bool = False) -> Place:
    """Return where a part of a document stands; only files with findings are composed again for it."""
    nodes = _nodes(text)
    mapping_roots = [n for n in nodes]
    node: Any = mapping_roots[index]
    key_node: Any = None
    for part in loc:
        step = _child(node, part)
        if step is None:
            return _span(file, key_node or node)
        key_node, node = step
    return _span(file, key_node if key and key_node is not None else node)


def _child(node: Any, part: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(part)), None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return None, node.value[part]  # pyright: ignore[reportUnknownMemberType]
    return None


def _span(file: str, node: Any) -> Place:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return Place(file, start.line + 1, start.column + 1, max(1, length))


def source_texts(files: Mapping[str, str], problems: tuple[Problem, ...]) -> Mapping[str, str]:
    """Return the texts that are needed to draw these problems."""
    wanted = {p.place.file for p in problems}
    return {name: text for name, text in files.items() if name in wanted}
