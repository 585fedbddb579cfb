"""Prints a digest of what every artifact renders from repositories; run in processes of their own by the tests."""

import hashlib
import json
import sys
from pathlib import Path

from generator.cluster import sharding
from generator.kinds.environment import Environment
from generator.pipeline import ARTIFACTS, KINDS, check
from generator.render import files, render
from generator.resolve import resolve


def digests(root: Path) -> dict[str, dict[str, str]]:
    """Return the sha256 of every file by artifact, of all repositories below a folder."""
    found: dict[str, dict[str, str]] = {name: {} for name in ARTIFACTS}
    for specs in sorted(root.rglob("specs")):
        for name, contents in _rendered(specs.parent).items():
            label = specs.parent.relative_to(root).as_posix()
            found[name] |= {f"{label}: {path}": hashlib.sha256(data).hexdigest() for path, data in contents.items()}
    return found


def _rendered(root: Path) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {name: {} for name in ARTIFACTS}
    for view in check(root).views:
        project = resolve(view, KINDS)
        environment = project.get(Environment, project.environment_name)
        for name, artifact in ARTIFACTS.items() if environment.spec.deployed else ():
            rendered = render(project, {name: artifact}, environment.namespace)
            found[name] |= files(rendered, environment.name, sharding.of(project).folder)
    return found


if __name__ == "__main__":
    json.dump(digests(Path(sys.argv[1])), sys.stdout)
