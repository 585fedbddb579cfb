"""What is in an archive of mongodump, read from its first byte to its last.

The format is that of `mongodump --archive --gzip`: one gzip stream of a magic number, a prelude that names the
collections, and blocks of BSON documents, each after a header that says whose they are. A collection ends with a header
of its own.
Source: `common/archive` of mongo-tools. gzip's own checksum covers every byte.
"""

import gzip
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import bson
from bson.errors import BSONError

from runtime.problems import Failure

_MAGIC, _END = b"\x6d\xe2\x99\x81", b"\xff\xff\xff\xff"
_LARGEST = 48 * 1024 * 1024
"""Bytes; documents of MongoDB have 16 MB, those of the oplog a little more."""
_BUCKETS = "system.buckets."
"""In front of the name of a time series where the server is older than 8.3 (`DataCollection` in `common/intents`)."""
_INT = struct.Struct("<i")


@dataclass(frozen=True)
class Contents:
    """What a whole archive holds."""

    documents: dict[str, int]
    """How many documents, by `database.collection`."""

    def text(self) -> str:
        """Return it in one line."""
        return f"{sum(self.documents.values())} documents in {len(self.documents)} collections"


@dataclass
class _Reading:
    """The state of reading: what the prelude has announced, what has come, and what has ended."""

    stream: BinaryIO
    announced: set[str] = field(default_factory=set[str])
    counted: Counter[str] = field(default_factory=Counter[str])
    ended: set[str] = field(default_factory=set[str])

    def contents(self) -> Contents:
        if self._exactly(4) != _MAGIC:
            raise ValueError("it does not begin as an archive of mongodump does")
        self._prelude()
        for header in self._headers():
            self._block(header)
        if missing := sorted(self.announced - self.ended):
            raise ValueError(f"it ends before {missing[0]} is complete")
        return Contents({name: self.counted[name] for name in sorted(self.announced)})

    def _prelude(self) -> None:
        documents = list(self._documents())
        for number, raw in enumerate(documents):
            value = _decoded(raw)
            if number and value.get("type", "collection") != "view":
                self.announced.add(f"{value['db']}.{value['collection']}")

    def _headers(self) -> Iterator[dict[str, Any]]:
        while first := self.stream.read(4):
            yield _decoded(self._rest(first))

    def _block(self, header: dict[str, Any]) -> None:
        name = self._name(header)
        if name not in self.announced or name in self.ended:
            raise ValueError(f"documents of {name} are out of place")
        self.counted[name] += sum(1 for _ in self._documents())
        if header["EOF"]:
            self.ended.add(name)

    def _name(self, header: dict[str, Any]) -> str:
        """Return whose documents follow: those of a time series stand under the name of its buckets."""
        database, collection = header["db"], header["collection"]
        name = f"{database}.{collection}"
        return name if name in self.announced else f"{database}.{collection.removeprefix(_BUCKETS)}"

    def _documents(self) -> Iterator[bytes]:
        while (first := self._exactly(4)) != _END:
            yield self._rest(first)

    def _rest(self, first: bytes) -> bytes:
        (size,) = _INT.unpack(first) if len(first) == _INT.size else (0,)
        if not 5 <= size <= _LARGEST:
            raise ValueError("a document has a length that none can have")
        return first + self._exactly(size - 4)

    def _exactly(self, size: int) -> bytes:
        found = self.stream.read(size)
        if len(found) != size:
            raise EOFError
        return found


def check(archive: Path) -> Contents:
    """Read an archive to its end.

    Raises:
        Failure: it is not there, cut off, damaged, or holds no collection.
    """
    try:
        with gzip.open(archive) as stream:
            found = _Reading(cast("BinaryIO", stream)).contents()
    except EOFError:
        raise _refused(archive, "it is cut off") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _refused(archive, f"it is damaged: {error}") from None
    except (BSONError, KeyError, ValueError) as error:
        raise _refused(archive, f"its content is damaged: {error}") from None
    except OSError as error:
        raise _refused(archive, error.strerror or str(error)) from None
    if not found.documents:
        raise _refused(archive, "it holds no collection")
    return found


def _decoded(raw: bytes) -> dict[str, Any]:
    return bson.decode(raw)  # pyright: ignore[reportUnknownMemberType]


def _refused(archive: Path, why: str) -> Failure:
    return Failure(f"{archive} can't be restored from: {why}", "look at the dump before it, and make a new one")
