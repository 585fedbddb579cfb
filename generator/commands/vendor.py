"""`apm vendor`: copy the specs of other repositories, at the commits that the System pins."""

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, refused, with_terminal
from generator.problems import Failure, plural

if TYPE_CHECKING:
    from generator.kinds.system import Import
    from generator.model import Declared

_PROTOCOLS = "https:ssh:file"
"""What git may use: its others can run commands."""
_LARGEST = 1 << 20
"""Bytes of one file, as everywhere below specs/."""


@click.command(epilog="Example: apm vendor && apm validate && git add specs/vendor")
@click.option("--pin", is_flag=True, help="Write the digest of what was fetched into the spec, whatever it was.")
@with_terminal
def vendor(terminal: Terminal, pin: bool) -> None:
    """Copy the specs of other repositories, at the commits that the System pins.

    Each import is fetched with git and copied to `specs/vendor/<name>/`, which replaces what is there. Where the spec
    has no digest yet it is written; where it has another one, nothing is copied and the command fails. Only this
    command uses the network: everything else reads the copies.
    """
    for system in _systems(terminal):
        for name, wanted in system.spec.imports.items():
            _take(terminal, system, name, wanted, pin=pin)
        _sweep(terminal.root, set(system.spec.imports))


def _systems(terminal: Terminal) -> "list[Declared]":
    from generator.load import load
    from generator.parse import parse
    from generator.pipeline import KINDS

    declared, malformed = parse(load(terminal.root).documents, KINDS)
    systems = [spec for spec in declared if spec.kind == "System"]
    if not systems:
        refused([p for p in malformed if p.severity == "error"], terminal)
    return systems


def _take(terminal: Terminal, system: "Declared", name: str, wanted: "Import", *, pin: bool) -> None:
    from generator.vendoring import digest, folder

    with tempfile.TemporaryDirectory(prefix="apm-vendor-") as scratch:
        source = _fetched(name, wanted, Path(scratch))
        texts = _texts(source, name)
        found = digest(texts)
        if wanted.digest and wanted.digest != found and not pin:
            raise Failure(f'"{name}" at {wanted.commit[:12]} has the digest {found}, the spec says {wanted.digest}',
                          "nothing was copied; if that is right, run `apm vendor --pin`")  # fmt: skip
        _replace(terminal.root / folder(name), texts)
    if wanted.digest != found:
        _write_digest(terminal.root, system, name, found)
    terminal.say(f"{name}: {plural(len(texts), 'file')} of {wanted.commit[:12]}, {found}")


def _fetched(name: str, wanted: "Import", scratch: Path) -> Path:
    from generator.diff.git import export

    repository, out = scratch / "git", scratch / "out"
    repository.mkdir()
    _git(name, repository, "init", "--quiet", "--bare")
    fetch = ("fetch", "--quiet", "--no-tags", "--depth=1", "--", wanted.url, wanted.commit)
    _git(name, repository, *fetch)
    try:
        export(repository, wanted.commit, (wanted.path,), out)
    except tarfile.TarError as error:
        raise Failure(f'"{name}" holds a link that leads out of it: {error}', "links are not copied") from None
    source = out / wanted.path
    if not source.is_dir():
        raise Failure(f'"{name}" has no folder {wanted.path} at {wanted.commit[:12]}', "correct `path`")
    return source


def _git(name: str, folder: Path, *arguments: str) -> None:
    environment = {**os.environ, "GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    except FileNotFoundError:
        raise Failure("git is not installed; vendoring needs it") from None
    except subprocess.TimeoutExpired:
        raise Failure(f'"{name}" was not fetched within 10 minutes') from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"git exited {done.returncode}"])[-1]
        raise Failure(
            f'"{name}" can\'t be fetched: {said}', "is the address right, is the commit there, may you read it?"
        )


def _texts(source: Path, name: str) -> dict[str, str]:
    """Return what is copied; links and files that are no text are refused before anything is written."""
    found: dict[str, str] = {}
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source).as_posix()
        if path.is_symlink():
            raise Failure(f'"{name}" holds a link, {relative}; links are not copied', "ask for the file itself there")
        if not path.is_file() or any(part.startswith(".") for part in relative.split("/")):
            continue
        if path.stat().st_size > _LARGEST:
            raise Failure(f'"{name}": {relative} has more than {_LARGEST} bytes')
        try:
            content = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Failure(f'"{name}": {relative} is not UTF-8 text') from None
        found[relative] = content.replace("\r\n", "\n").replace("\r", "\n")
    if not found:
        raise Failure(f'"{name}" holds no files')
    return found


def _replace(target: Path, texts: Mapping[str, str]) -> None:
    """Write all beside the old copy first, so that an interruption leaves one of the two."""
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for path, content in texts.items():
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).write_text(content, encoding="utf-8", newline="\n")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _sweep(root: Path, names: set[str]) -> None:
    """Remove copies of what is not imported any more."""
    from generator.vendoring import VENDOR

    folder = root / VENDOR
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []:
        if path.is_dir() and not path.is_symlink() and path.name not in names:
            shutil.rmtree(path)


def _write_digest(root: Path, system: "Declared", name: str, digest: str) -> None:
    """Write a digest where the old one stands, or on a line of its own below the rest."""
    document = system.document
    file = root / document.file
    lines = file.read_text(encoding="utf-8").split("\n")
    loc = ("spec", "imports", name)
    if old := document.written((*loc, "digest"), False):
        place = document.at((*loc, "digest"))
        line = lines[place.line - 1]
        lines[place.line - 1] = line[: place.column - 1] + f'"{digest}"' + line[place.column - 1 + len(old) :]
    else:
        written = document.value["spec"]["imports"][name]
        key = max((document.key_at((*loc, field)) for field in written), key=lambda place: place.line)
        if lines[key.line - 1][: key.column - 1].strip():
            raise Failure(f'the digest of "{name}" has no line of its own in {document.file}',
                          f'write it there: digest: "{digest}"')  # fmt: skip
        lines.insert(key.line, " " * (key.column - 1) + f'digest: "{digest}"')
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")
