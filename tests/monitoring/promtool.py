"""promtool's verdict on cases of alerts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.monitoring import rule_tests
from generator.monitoring.rule_tests import by_step, rules_of
from tests.rigs.tools import tool

__all__ = ["by_step", "rules_of", "run"]


def run(groups: Sequence[Mapping[str, Any]], tests: Mapping[int, list[dict[str, Any]]], folder: Path) -> str:
    """Run tests against rules; returns what promtool complains about, empty if all pass."""
    return rule_tests.run(tool("promtool"), groups, tests, folder)
