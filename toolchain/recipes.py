"""How a tool is made: programs built from a Go folder, or files taken out of Go modules."""

import shutil
from pathlib import Path

from golang import Toolchain, UnavailableError
from pins import Module, Tool


def make(tool: Tool, go: Toolchain, folder: Path) -> None:
    """Fill an empty folder with the tool."""
    for name, package in tool.programs.items():
        _build(tool, go, package, folder / "bin" / name)
    for module in tool.modules:
        _take(module, go.unpack(module), folder / module.into)


def _build(tool: Tool, go: Toolchain, package: str, output: Path) -> None:
    output.parent.mkdir(exist_ok=True)
    go.build(tool, package, output)
    for name in tool.links.get(output.name, []):
        output.with_name(name).symlink_to(output.name)


def _take(module: Module, source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in module.files:
        files = sorted(source.glob(pattern))
        if not files:
            raise UnavailableError(f"{module.path} {module.version} has no {pattern}")
        for file in files:
            shutil.copyfile(file, folder / file.name)
            if folder.name == "bin":  # a module doesn't say which of its files are programs
                (folder / file.name).chmod(0o755)
