"""Alertmanager's own checker on the rendered configuration."""

import subprocess

import pytest

from tests.rigs import rendered
from tests.rigs.tools import tool


@pytest.mark.parametrize("environment", rendered.ENVIRONMENTS)
def test_amtool_accepts_configuration(environment: str) -> None:
    configuration = rendered.document(environment, "alertmanager.yml")
    assert configuration.exists(), f"no {configuration}: render first"
    command = [tool("amtool"), "check-config", configuration]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
