"""What is too large for one Application of Argo CD is told before it is merged."""

from pathlib import Path

import pytest

from generator import sizes
from generator.pipeline import build_all
from tests.conformance.cases import repository


def _warnings(tmp_path: Path) -> list[str]:
    return [
        str(p.place) + " " + p.message for p in build_all(repository(tmp_path)).warnings if p.code == "application-size"
    ]


def test_a_small_system_is_not_warned_of(tmp_path: Path) -> None:
    assert not _warnings(tmp_path)


def test_a_group_above_the_limit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "LIMIT", 10_000)
    found = _warnings(tmp_path)
    assert any(line.startswith("specs/environments.yaml:1:1 the group runtime has 0.0 MB") for line in found)
    assert not any("group namespace" in line for line in found)
