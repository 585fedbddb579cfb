"""Another validator's opinion on rendered objects: kubeconform, offline, with the committed schemas."""

import subprocess
from pathlib import Path

import pytest

from tests.rigs import rendered
from tests.rigs.cache import REPOSITORY
from tests.rigs.tools import tool

SCHEMAS = REPOSITORY / "generator" / "schemas"
NAMES = "{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json"


@pytest.mark.parametrize("minor", ["1.32", "1.36"])
@pytest.mark.parametrize("environment", rendered.ENVIRONMENTS)
def test_kubeconform_accepts(environment: str, minor: str, tmp_path: Path) -> None:
    count = len(rendered.items(environment))
    assert count, f"no object in {rendered.ROOT / environment}: render first"
    _gather_schemas(minor, tmp_path)
    folders = [rendered.ROOT / environment / group for group in rendered.GROUPS]
    command = [tool("kubeconform"), "-strict", "-summary", "-schema-location", tmp_path / NAMES]
    done = subprocess.run([*command, *filter(Path.exists, folders)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Valid: {count}, Invalid: 0, Errors: 0, Skipped: 0" in done.stdout


def _gather_schemas(minor: str, folder: Path) -> None:
    """All schemas in one folder, under the names that kubeconform asks for: its core group is called v1."""
    for schema in [*(SCHEMAS / "kubernetes" / minor).glob("*.json"), *(SCHEMAS / "crds").glob("*.json")]:
        name = schema.name.replace("core-v1-", "v1-v1-") if schema.name.startswith("core-") else schema.name
        (folder / name).symlink_to(schema)
