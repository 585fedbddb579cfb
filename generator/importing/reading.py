"""Files of any origin -> manifests. Whatever can't be read is a finding with its place, never an exception."""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from generator.compose import Broken, documents
from generator.importing.comments import Comments
from generator.importing.manifests import (
    ALERTMANAGER,
    DASHBOARD,
    PROMETHEUS,
    RULE_FILE,
    Found,
    Manifest,
    items,
    mapping,
    text,
)
from generator.model import Document, Loc
from generator.problems import Place, Problem

_SUFFIXES = (".yaml", ".yml", ".json")
_LARGEST = 8 << 20
"""Bytes of a file at most; the largest public bundles of dashboards have 2 MiB."""


def read(paths: Iterable[Path], root: Path) -> Found:
    """Return what stands in files, and in the YAML and JSON files of folders."""
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    unread: list[Problem] = []
    files: list[str] = []
    for path in _files(paths):
        name = _name(path, root)
        files.append(name)
        data = _bytes(path, name, problems)
        if data is not None:
            manifests += parsed(name, data, problems, unread)
    return Found(tuple(manifests), tuple(problems), tuple(files), tuple(unread))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: dict[Path, None] = {}
    for path in paths:
        found = [path] if not path.is_dir() else sorted(p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES)
        seen.update(dict.fromkeys(p for p in found if not p.is_dir()))
    return iter(seen)


def _name(path: Path, root: Path) -> str:
    absolute = path.absolute()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else path.as_posix()


def _bytes(path: Path, name: str, problems: list[Problem]) -> bytes | None:
    try:
        if not path.is_file():
            raise OSError(0, "it is no regular file" if path.exists() else "there is no such file")
        if (size := path.stat().st_size) > _LARGEST:
            message = f"{name} has {size} bytes; a manifest may have {_LARGEST}"
            problems.append(Problem(Place(name), "file-too-large", message, "split it into several files"))
            return None
        return path.read_bytes()
    except OSError as error:
        problems.append(Problem(Place(name), "unreadable", f"{name} can't be read: {error.strerror}"))
        return None


def parsed(file: str, data: bytes, problems: list[Problem], unread: list[Problem]) -> list[Manifest]:
    """Return the manifests of one file."""
    try:
        content = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"{file} is not UTF-8 text"
        problems.append(Problem(Place(file, line), "not-utf8", message, "save it as UTF-8"))
        return []
    if not content.strip():
        message = f"{file} is empty: whoever applies it gets an error, or nothing at all"
        hint = "if a NetworkPolicy or the like was meant, there is none"
        problems.append(Problem(Place(file), "empty-manifest", message, hint, severity="warning"))
        return []
    found = _documents(file, content, problems)
    comments = Comments(content)
    return [m for document in found for m in _expanded(document, comments, unread)]


def _documents(file: str, content: str, problems: list[Problem]) -> list[Document]:
    here: list[Problem] = []
    found = [d for d in documents(file, content, here) if not isinstance(d.value, Broken)]
    broken = [p for p in here if p.code in ("yaml-syntax", "key-type")]
    if broken and "{{" in content:
        first = broken[0]
        message = f"{file} is a template, not a manifest"
        hint = "render it first (`helm template`), and import what comes out"
        here = [Problem(first.place, "template-file", message, hint)]
    problems += here
    return found


def _expanded(document: Document, comments: Comments, unread: list[Problem]) -> Iterator[Manifest]:
    """Yield the object of a document, or those of a list, and what ConfigMaps and Secrets hold as texts."""
    for loc, value in _listed(document.value, ()):
        manifest = _manifest(document, comments, loc, value)
        if manifest.kind:
            yield manifest
            yield from held(manifest, comments.lines)
        else:
            message = "this is no manifest of a kind that is known: neither `kind`, nor the keys of a rule file, a"
            unread.append(
                Problem(
                    manifest.place(()),
                    "unknown-manifest",
                    f"{message} dashboard, an Alertmanager or a Prometheus configuration",
                    severity="warning",
                )
            )


def _listed(value: Mapping[str, Any], loc: Loc) -> Iterator[tuple[Loc, Mapping[str, Any]]]:
    if text(value.get("kind")).endswith("List") and isinstance(value.get("items"), list):
        for index, item in enumerate(items(value["items"])):
            if isinstance(item, Mapping):
                yield from _listed(cast("Mapping[str, Any]", item), (*loc, "items", index))
    else:
        yield loc, value


def _manifest(document: Document, comments: Comments, at: Loc, value: Mapping[str, Any]) -> Manifest:
    def place(loc: Loc) -> Place:
        return document.at((*at, *loc))

    def noted(loc: Loc) -> tuple[str, ...]:
        return comments.at((*at, *loc), document)

    inner, kind = _shape(value)
    prefix: Loc = inner
    whole = place(prefix)  # while the text is at hand: this is the place that is asked for most
    shown = value if not inner else mapping(value["dashboard"])
    metadata = mapping(value.get("metadata"))
    name = text(metadata.get("name") or metadata.get("generateName"))
    return Manifest(
        kind,
        text(value.get("apiVersion")),
        name or text(shown.get("uid")),
        text(metadata.get("namespace")),
        shown,
        document.file,
        lambda loc: place((*prefix, *loc)) if loc else whole,
        lambda loc: noted((*prefix, *loc)),
    )


def _shape(value: Mapping[str, Any]) -> tuple[Loc, str]:
    """Return where the object stands inside the document, and its kind."""
    if isinstance(value.get("kind"), str) and value.get("apiVersion"):
        return (), str(value["kind"])
    if isinstance(value.get("dashboard"), Mapping) and "panels" in value["dashboard"]:
        return ("dashboard",), DASHBOARD
    if isinstance(value.get("panels"), list) or ("rows" in value and "schemaVersion" in value):
        return (), DASHBOARD
    if isinstance(value.get("groups"), list) and any(isinstance(g, Mapping) and "rules" in g for g in value["groups"]):
        return (), RULE_FILE
    if "route" in value and "receivers" in value:
        return (), ALERTMANAGER
    return ((), PROMETHEUS) if isinstance(value.get("scrape_configs"), list) else ((), "")


# --- what ConfigMaps and Secrets hold -------------------------------------------------------------------------------


def held(holder: Manifest, lines: Sequence[str] = ()) -> Iterator[Manifest]:
    """Yield what a ConfigMap or a Secret holds as texts; `lines` are those of its file, where it has one."""
    if holder.kind not in ("ConfigMap", "Secret"):
        return
    for part in ("data", "stringData"):
        for key, value in mapping(holder.get(part)).items():
            decoded = _decoded(value) if (holder.kind, part) == ("Secret", "data") else value
            if isinstance(decoded, str) and (":" in decoded):
                exact = decoded is value
                yield from _embedded(holder, (part, key), decoded, lines if exact else ())


def _decoded(value: Any) -> str | None:
    try:
        return base64.b64decode(text(value), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _embedded(holder: Manifest, loc: Loc, content: str, lines: Sequence[str]) -> Iterator[Manifest]:
    found: list[Problem] = []
    around = holder.place(loc)
    placed, comments = _inside(around, lines), Comments(content)
    for document in documents(holder.file, content, found):
        inner, kind = _shape(document.value)
        if kind in (RULE_FILE, DASHBOARD, ALERTMANAGER, PROMETHEUS):
            value = mapping(document.value["dashboard"]) if inner else document.value

            def place(path: Loc, document: Document = document, inner: Loc = inner) -> Place:
                return placed(document.at((*inner, *path)))

            def noted(path: Loc, document: Document = document, inner: Loc = inner) -> tuple[str, ...]:
                return comments.at((*inner, *path), document)

            yield Manifest(
                kind,
                "",
                text(value.get("uid")) or holder.name,
                holder.namespace,
                value,
                holder.file,
                place,
                noted,
                holder,
                str(loc[1]),
            )


def _inside(around: Place, lines: Sequence[str]) -> Callable[[Place], Place]:
    """Return how a place in a text becomes a place in the file: known for block scalars, whose lines are the file's."""
    if not around.line:
        return lambda inner: Place(around.file, inner.line, inner.column, inner.length)
    head = lines[around.line - 1] if 0 < around.line <= len(lines) else ""
    first = next((line for line in lines[around.line :] if line.strip()), "")
    if head[around.column - 1 : around.column] != "|":
        return lambda _: around
    indent = len(first) - len(first.lstrip(" "))
    return lambda inner: Place(around.file, around.line + inner.line, inner.column + indent, inner.length)
