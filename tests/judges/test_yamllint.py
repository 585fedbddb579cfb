"""yamllint reads what people write, what `apm init` makes, and what is rendered: PyYAML's own reader, and a style."""

import subprocess
from pathlib import Path

from tests.cli.conftest import call
from tests.environments import programs
from tests.rigs.cache import REPOSITORY

STYLE = (
    "{extends: default, rules: {line-length: disable, document-start: disable, "
    "indentation: {indent-sequences: consistent}, comments: {min-spaces-from-content: 1}, truthy: {check-keys: false}}}"
)
"""Lines may be long and need no `---`, and a key may be `on` (GitHub's word); the rest is as yamllint wants it."""


def test_yamllint_reads_everything_without_a_finding(tmp_path: Path) -> None:
    assert call(tmp_path, "init", "small").code == 0
    assert call(tmp_path / "small", "render").code == 0
    folders = [REPOSITORY / name for name in ("specs", "examples", "policies", "rendered")] + [tmp_path / "small"]
    command = [programs("yamllint") / "yamllint", "--config-data", STYLE, "--format", "parsable", *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
