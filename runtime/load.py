"""Rendered files to workflow documents, or a reason why not. Nothing is half loaded."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from runtime import steps as verbs
from runtime.contract import FORMAT, WorkflowDocument
from runtime.problems import Failure

LIMIT = 4_000_000
"""Bytes of one document; a ConfigMap holds one million."""
SHOWN = 5
"""Problems of a document that are told; a wrong one can have hundreds."""


@dataclass(frozen=True)
class Source:
    """Where workflow documents come from."""

    read: Callable[[], Mapping[str, WorkflowDocument]]
    """Return them by name; raises `Failure` with why not. It is called from another thread, too."""
    stamp: Callable[[], object]
    """Return a value that differs when what is read has changed."""


def folder(path: Path) -> Source:
    """Return the documents of a folder, or of a mounted ConfigMap, as a source."""
    return Source(lambda: read_all(path), lambda: stamp(path))


def stamp(*folders: Path) -> object:
    """Return path, size, inode and time of change of every file in folders."""
    return tuple(
        _stat(Path(here, name)) for top in folders for here, _, names in os.walk(top) for name in sorted(names)
    )


def _stat(file: Path) -> tuple[object, ...]:
    try:
        found = file.stat()
    except OSError:  # gone since its folder was read
        return (file,)
    return file, found.st_size, found.st_ino, found.st_mtime_ns


def read_all(folder: Path) -> dict[str, WorkflowDocument]:
    """Return every document of a folder by name, for a folder or a mounted ConfigMap.

    Raises:
        Failure: the folder cannot be read, a document is refused, or two have one name.
    """
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".json") and file.is_file())
    except OSError as error:
        raise Failure(f"The specs in {folder} cannot be read", error.strerror or "") from error
    documents: dict[str, WorkflowDocument] = {}
    for file in files:
        document = read(file)
        if document.name in documents:
            raise Failure(f"{file}: there are two workflows with the name {document.name}", "render the specs again")
        documents[document.name] = document
    return documents


def read(file: Path) -> WorkflowDocument:
    """Return the document of a file.

    Raises:
        Failure: it cannot be read, is not of this format, or says something that the runtime does not know.
    """
    try:
        if file.stat().st_size > LIMIT:
            raise Failure(f"{file} is too large", f"a workflow document has at most {LIMIT} bytes")
        value: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Failure(f"{file} cannot be read", str(error).splitlines()[0]) from error
    return parse(value, str(file))


def parse(value: Any, where: str) -> WorkflowDocument:
    """Return a document from its values; `where` is for messages."""
    if not isinstance(value, Mapping):
        raise Failure(f"{where} is not a workflow document", "it has to be a mapping")
    found = cast("Mapping[str, Any]", value)
    if found.get("format") != FORMAT:
        raise Failure(f"{where} has the format {found.get('format')!r}", f"this runtime reads {FORMAT}")
    try:
        document = WorkflowDocument.model_validate(found)
        verbs.connected(verbs.parse(document.steps), document.name)
    except ValidationError as error:
        raise Failure(f"{where} is not valid", "; ".join(_told(error))) from error
    return document


def _told(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:SHOWN]]
