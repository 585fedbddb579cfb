"""What pins.toml says, as values; and the digest that tells whether a tool has to be built again."""

import hashlib
import json
import platform
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLATFORM = f"{platform.system()}-{platform.machine()}".lower()


@dataclass(frozen=True)
class Module:
    """Files to take out of one Go module."""

    path: str
    version: str
    sum: str
    files: tuple[str, ...]
    into: str


@dataclass(frozen=True)
class Tool:
    """One tool: programs built from a Go folder, or installed from a Node folder, or files taken out of Go modules."""

    name: str
    digest: str
    purpose: str
    proves: str
    cpu_seconds: int
    optional: bool = False
    folder: str = ""
    tags: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict[str, str])
    links: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    stamps: Mapping[str, str] = field(default_factory=dict[str, str])
    modules: tuple[Module, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Programs of a Node folder: their scripts, by name."""

    @property
    def sources(self) -> Path:
        return HERE / self.folder


@dataclass(frozen=True)
class Runtime:
    """Go or Node for machines that have none, or an older one."""

    minimum: str
    wheel: str
    hashes: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest_of(self.wheel, *self.hashes)


@dataclass(frozen=True)
class Pins:
    go: Runtime
    node: Runtime
    tools: Mapping[str, Tool]

    @property
    def digest(self) -> str:
        """The name of the folder that holds exactly these tools."""
        return digest_of(*(tool.digest for tool in self.tools.values()))


def load(path: Path = HERE / "pins.toml") -> Pins:
    table: dict[str, Any] = tomllib.loads(path.read_text())
    go, node = (Runtime(t["minimum"], t["wheel"], tuple(t["hashes"])) for t in (table["go"], table["nodejs"]))
    return Pins(go, node, {name: _tool(name, fields) for name, fields in table["tools"].items()})


def digest_of(*parts: str | bytes) -> str:
    """A short digest; each part is closed by its length, so that parts can't run into each other."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()[:16]


def _tool(name: str, fields: dict[str, Any]) -> Tool:
    modules = tuple(_module(module) for module in fields.pop("modules", []))
    tags = tuple(fields.pop("tags", []))
    made_of = {key: fields.get(key) for key in ("programs", "links", "stamps")}
    made_of |= {key: fields[key] for key in ("scripts",) if key in fields}
    sources = _sources(HERE / fields["folder"]) if "folder" in fields else []
    digest = digest_of(PLATFORM, json.dumps([made_of, tags, [vars(m) for m in modules]], sort_keys=True), *sources)
    return Tool(name, digest, modules=modules, tags=tags, **fields)


def _module(fields: dict[str, Any]) -> Module:
    files = tuple(fields.pop("files"))
    return Module(files=files, **fields)


def _sources(folder: Path) -> list[bytes]:
    locked = [folder / name for name in _LOCKED if (folder / name).exists()]
    files = sorted([*folder.glob("*.go"), *folder.glob("*.js"), *locked])
    return [part for file in files for part in (file.name.encode(), file.read_bytes())]


_LOCKED = ("go.mod", "go.sum", "package.json", "package-lock.json")
"""Files that say which versions a folder is built from."""
