"""How a tool is made: programs built from a Go folder or installed from a Node folder, or files out of Go modules."""

import shutil
from pathlib import Path

import golang
import nodejs
from golang import Toolchain
from pins import Module, Pins, Tool
from wheels import UnavailableError


def make(tool: Tool, everything: Pins, folder: Path) -> None:
    """Fill an empty folder with the tool."""
    if tool.scripts:
        _install(tool, nodejs.find(everything.node), folder)
    else:
        _make(tool, golang.find(everything.go), folder)


def _install(tool: Tool, node: nodejs.Node, folder: Path) -> None:
    node.install(tool, folder)
    for name, script in tool.scripts.items():
        node.program(folder / script, folder / "bin" / name)


def _make(tool: Tool, go: Toolchain, folder: Path) -> None:
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
