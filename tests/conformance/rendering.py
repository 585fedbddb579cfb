"""Prints a digest of what every artifact renders from a repository; run in processes of their own by the tests."""

import hashlib
import json
import sys
from pathlib import Path

from generator.kinds.environment import Environment
from generator.pipeline import ARTIFACTS, KINDS, check
from generator.render import files, render
from generator.resolve import resolve


def digests(root: Path) -> dict[str, dict[str, str]]:
    """Return the sha256 of every file by artifact."""
    found: dict[str, dict[str, str]] = {name: {} for name in ARTIFACTS}
    for view in check(root).views:
        project = resolve(view, KINDS)
        environment = project.get(Environment, project.environment_name)
        for name, artifact in ARTIFACTS.items() if environment.spec.deployed else ():
            rendered = render(project, {name: artifact}, environment.namespace)
            contents = files(rendered, environment.name)
            found[name] |= {path: hashlib.sha256(data).hexdigest() for path, data in contents.items()}
    return found


if __name__ == "__main__":
    json.dump(digests(Path(sys.argv[1])), sys.stdout)
