"""A YAML text -> documents: plain values, and the place of every part.

The nodes of libyaml's composer are turned into values here: YAML loaders keep the last of two
equal keys and read `yes` and `1e3` by version; this one refuses both.
"""

import hashlib
import re
import sys
from typing import Any

import yaml

from generator import conventions, slips
from generator.model import Document, Loc
from generator.places import LOADER, nodes, place_at, place_of, span, written_at
from generator.problems import Fix, Place, Problem
from generator.scalars import MERGE, Ambiguous, plain, unclear

_TAGGED = re.compile(r"(?:&[^\s,\[\]{}]*\s+)?(![^\s,\[\]{}]*)")
_QUOTED = frozenset("'\"|>")


class _RefusedError(Exception):
    """One document can't be read."""

    def __init__(self, code: str, message: str, mark: Any, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.mark, self.hint = code, message, mark, hint

    def problem(self, file: str, text: str) -> Problem:
        return Problem(place_at(file, text, self.mark.index), self.code, self.message, self.hint)


def documents(file: str, text: str, problems: list[Problem]) -> list[Document]:
    try:
        _refuse_depth(text)
        roots = nodes(text)
    except yaml.YAMLError as error:
        problems.append(_syntax(file, text, error))
        return _guessed(file, text)
    except _RefusedError as refused:
        problems.append(refused.problem(file, text))
        return _guessed(file, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = (_document(file, text, index, root, digest, problems) for index, root in enumerate(roots))
    return [document for document in found if document]


class Broken(dict[str, Any]):
    """Value of a document that can't be read: only kind and name, as far as they can be told."""


_KIND = re.compile(r"^kind:\s*([A-Za-z]+)\s*$", re.MULTILINE)
_NAME = re.compile(r"^(?:metadata:\s*\{(?:.*,)?\s*|\s+)name:\s*([-a-z0-9]+)", re.MULTILINE)


def _guessed(file: str, text: str) -> list[Document]:
    """Return what the documents of a broken file are called, so that whoever names them is not blamed too."""
    found: list[Document] = []
    for part in re.split(r"^---", text, flags=re.MULTILINE):
        kind, name = _KIND.search(part), _NAME.search(part)
        if kind and name:
            value = Broken(kind=kind[1], metadata={"name": name[1]})
            found.append(Document(file, value, "", lambda _: Place(file), lambda _: Place(file)))
    return found


def readable(text: str) -> list[yaml.Node]:
    """Return the root nodes of a text that may be half typed; none where it is no YAML, or nested too deeply."""
    try:
        _refuse_depth(text)
        return [root for root in nodes(text) if _is_small(root)]
    except (yaml.YAMLError, _RefusedError):
        return []


def _is_small(root: Any) -> bool:
    """Return whether a node has few values, its aliases expanded: an alias may stand for itself, or for millions."""
    waiting, left = [(root, 1)], conventions.DOCUMENT_NODE_LIMIT
    while waiting and left:
        node, depth = waiting.pop()
        left -= 1
        if depth > conventions.DEPTH_LIMIT:
            return False
        if isinstance(node, yaml.CollectionNode):
            parts: list[Any] = node.value  # pyright: ignore[reportUnknownMemberType]
            pairs = isinstance(node, yaml.MappingNode)
            waiting += [(one, depth + 1) for part in parts for one in (part if pairs else (part,))]
    return not waiting


_SUSPECT = re.compile(r"[ \t?:-]{200}")
"""So many columns in front of a line, or in it, may be so many levels."""
_BRACKETS = 400
"""With as many levels by columns, twice (a list below a key may share its column), far less than a C stack takes."""


def _refuse_depth(text: str) -> None:
    """Refuse what is nested so deeply that composing it could end the process: libyaml's composer recurses in C.

    A level needs a bracket, or a column in front of a line. Only a text that has hundreds of them is read twice, the
    first time by the parser, which does not recurse.
    """
    if text.count("[") + text.count("{") < _BRACKETS and not _SUSPECT.search(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > conventions.DEPTH_LIMIT:
            raise _too_deep(event.start_mark)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _too_deep(mark: Any) -> _RefusedError:
    return _RefusedError("too-deep", f"the document is nested deeper than {conventions.DEPTH_LIMIT} levels", mark)


def _syntax(file: str, text: str, error: yaml.YAMLError) -> Problem:
    if conflict := slips.conflict(file, text):
        return conflict
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if "maximum nesting depth" in str(error):  # newer versions of libyaml stop at 1000 levels by themselves
        return _too_deep(mark).problem(file, text)
    what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    index = mark.index if mark else _unreadable(text, error)
    hint = slips.advice(text, index, error)
    if "'\\t'" in what or re.search(r"\btab", what) or (mark and slips.tab_at(text, mark.line, mark.column)):
        what, hint = "a tab character can't be used to indent", "indent with spaces"
    elif (comment := slips.comment(text, index, error)) is not None:
        what, hint = "a comment begins here, before the bracket is closed", "quote a text that starts with #"
        index = comment
    return Problem(place_at(file, text, index), "yaml-syntax", f"this is not valid YAML: {what}", hint)


def _unreadable(text: str, error: Any) -> int:
    """Return where a character stands that YAML does not know; libyaml counts the bytes in front of it."""
    return len(text.encode()[: getattr(error, "position", 0)].decode(errors="ignore"))


def _document(
    file: str, text: str, index: int, root: yaml.Node, digest: str, problems: list[Problem]
) -> Document | None:
    try:
        if not isinstance(root, yaml.MappingNode):
            message = "a spec is a mapping with apiVersion, kind, metadata and spec"
            raise _RefusedError("not-a-mapping", message, root.start_mark)
        value = _Builder(file, text, problems).build(root, 1)
    except _RefusedError as refused:
        problems.append(refused.problem(file, text))
        return next(iter(_guessed(file, text[root.start_mark.index : root.end_mark.index])), None)

    def at(loc: Loc) -> Place:
        return place_of(file, text, index, loc)

    def key_at(loc: Loc) -> Place:
        return place_of(file, text, index, loc, key=True)

    def written(loc: Loc, key: bool) -> str:
        return written_at(text, index, loc, key=key)

    return Document(file, value, digest, at, key_at, written)


class _Builder:
    """Builds values from nodes. Problems of single values are collected; those of the whole document raise."""

    def __init__(self, file: str, text: str, problems: list[Problem]) -> None:
        self.file, self.text, self.problems, self.count = file, text, problems, 0
        self.tags = "!" in text

    def build(self, node: yaml.Node, depth: int) -> Any:
        self.count += 1
        if self.count > conventions.DOCUMENT_NODE_LIMIT:
            message = (
                f"the document has more than {conventions.DOCUMENT_NODE_LIMIT} values when its aliases are expanded"
            )
            hint = "write the values out, without nested aliases"
            raise _RefusedError("too-many-values", message, node.start_mark, hint)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if self.tags:
            self._untagged(node)
        if depth > conventions.DEPTH_LIMIT:
            raise _too_deep(node.start_mark)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, depth + 1) for child in node.value]
        return self._mapping(node, depth)

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        built: dict[str, Any] = {}
        first: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in first:
                related = ((span(self.file, self.text, first[key]), "the first one"),)
                message = f'the key "{key}" stands here a second time'
                self._refuse(key_node, "duplicate-key", message, "keep one of the two", related=related)
                continue
            first[key] = key_node
            built[key] = self.build(value_node, depth + 1)
        return built

    def _key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            hint = "quote a text with {{ }}" if isinstance(node, yaml.MappingNode) else ""
            raise _RefusedError("key-type", "a key must be a text", node.start_mark, hint)
        key = self._scalar(node, key=True)
        if not isinstance(key, str):
            message = f"a key must be a text, this one is read as {_named(key)}"
            self._refuse(node, "key-type", message, f'quote it: "{node.value}"')
        return sys.intern(node.value)  # a few hundred words are most of all keys

    def _scalar(self, node: yaml.ScalarNode, *, key: bool = False) -> Any:
        if self.tags:
            self._untagged(node)
        text: str = node.value
        if node.style in _QUOTED:
            return text
        value = plain(text)
        if isinstance(value, Ambiguous):
            self._disputed(node, text, key=key)
            return text
        return value

    def _disputed(self, node: Any, text: str, *, key: bool) -> None:
        """Refuse a scalar that readers disagree about; what is meant is told where it is known what is wanted."""
        hint = f'quote it if a text is meant: "{text}"; otherwise write true, false or a plain decimal number'
        if key:
            hint = f'quote it: "{text}"'
        fix = Fix(span(self.file, self.text, node), text, f'"{text}"')
        if text == MERGE:
            hint, fix = "write the keys out: nothing is merged here", None
        self._refuse(node, "ambiguous-scalar", unclear(text), hint, fix=fix)

    def _untagged(self, node: Any) -> None:
        """Refuse the tag of a node, if it has one: all of them, as `!!str 5` would say something else than `5`."""
        found = _TAGGED.match(self.text, node.start_mark.index)
        if found:
            place = place_at(self.file, self.text, found.start(1), len(found[1]))
            message = f"tags such as {found[1]} are not read"
            self.problems.append(Problem(place, "yaml-tag", message, "write the value without a tag"))

    def _refuse(self, node: Any, code: str, message: str, hint: str = "", **more: Any) -> None:
        self.problems.append(Problem(span(self.file, self.text, node), code, message, hint, **more))


def _named(value: Any) -> str:
    return "nothing" if value is None else "true or false" if isinstance(value, bool) else "a number"
