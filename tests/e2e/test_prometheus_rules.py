"""Prometheus's own checker on the rendered rules."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import per_item
from tests.rigs import rendered
from tests.rigs.rendered import Item
from tests.rigs.tools import tool

KIND = "PrometheusRule"


@pytest.mark.parametrize("environment", rendered.ENVIRONMENTS)
def test_every_environment_has_rules(environment: str) -> None:
    rules = [item for item in rendered.items(environment) if item.kind == KIND]
    assert rules, f"no {KIND} in {rendered.ROOT / environment}: render first"


@per_item(KIND)
def test_promtool_accepts_rules(item: Item, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump({"groups": item.manifest["spec"]["groups"]}))
    command = [tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", rules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
