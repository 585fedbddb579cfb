"""What all judges look at."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.rigs import rendered
from tests.rigs.rendered import Item


@pytest.fixture(scope="session")
def items() -> list[Item]:
    """Every object of every environment that is applied to a cluster."""
    return [item for environment in rendered.ENVIRONMENTS for item in rendered.items(environment)]


@pytest.fixture
def dashboards(items: list[Item], tmp_path: Path) -> Mapping[Path, Any]:
    """The dashboards of all environments, as files and as what stands in them."""
    files: dict[Path, Any] = {}
    for item in items:
        for name, text in item.manifest.get("data", {}).items() if "grafana_dashboard" in item.text else ():
            file = tmp_path / item.environment / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            files[file] = json.loads(text)
    assert files
    return files
