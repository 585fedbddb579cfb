"""The problem types that specs may name are those that the runtime reports."""

import re
from pathlib import Path

from runtime.problems import TYPES

RUNTIME = Path(__file__).parents[2] / "runtime"
REPORTED = re.compile(r"\b(?:failed|problem|Problem)\(\s*\"([a-z-]+)\"")


def test_every_type_that_the_runtime_reports_can_be_handled() -> None:
    found = {name for path in RUNTIME.rglob("*.py") for name in REPORTED.findall(path.read_text())}
    assert {"timeout", "effect-unknown"} <= found
    assert found <= TYPES
