"""No field can be forgotten by `apm diff`: `fields.yaml` says of each one which risk marks it, or why none does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from generator.diff.run import RISKS
from generator.documentation import fields
from generator.pipeline import KINDS
from runtime.contract import Step
from runtime.steps import NODES

HERE = Path(__file__).parent
TABLE: dict[str, dict[str, list[str]]] = yaml.safe_load((HERE / "fields.yaml").read_text(encoding="utf-8"))
NONE = "none: "
"""How the reason begins why a field has no risk."""
RENDERED_AS_WRITTEN = ("Agent", "Model", "Tool", "Channel", "Memory", "Resilience", "Workflow", "Step")
"""Kinds whose fields stand in the workflow document under their own names."""
RENAMED = {"secret": "secretEnv"}
NOT_COMPARED_BY_NAME = {("Tool", "approval"), ("Memory", "model")}
"""Fields that a document holds elsewhere: `ask` of an agent, the model itself."""


def _leaves(model: type[BaseModel]) -> Iterator[str]:
    paths = [path for path, _ in fields.below(model)]
    return (path for path in paths if not any(other.startswith(f"{path}.") for other in paths))


def _every() -> dict[str, list[str]]:
    common = {field.name for field in fields.of(Step)}
    found = {name: list(_leaves(kind.spec)) for name, kind in KINDS.items()} | {"Step": list(_leaves(Step))}
    for verb, node in NODES.items():
        found[f"Step {verb}"] = [path for path in _leaves(node.step) if path.split(".")[0] not in common]
    return {name: paths for name, paths in found.items() if paths}


@pytest.mark.parametrize("kind", sorted({*_every(), *TABLE}))
def test_every_field_has_a_risk_or_a_reason(kind: str) -> None:
    listed = [path for paths in TABLE.get(kind, {}).values() for path in paths]
    assert sorted(listed) == sorted(_every().get(kind, []))


def test_the_risks_are_there_and_every_reason_says_something() -> None:
    told = {key for classes in TABLE.values() for key in classes}
    assert {key for key in told if not key.startswith(NONE)} <= RISKS.keys()
    assert all(len(key) > len(NONE) + 3 for key in told if key.startswith(NONE))


def _shown() -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for kind, classes in TABLE.items():
        if kind.split()[0] in RENDERED_AS_WRITTEN:
            rows += [(kind, path, risk) for risk, paths in classes.items() if risk in RISKS for path in paths]
    return [row for row in rows if row[:2] not in NOT_COMPARED_BY_NAME]


@pytest.mark.parametrize(("kind", "path", "risk"), _shown())
def test_a_case_of_the_risk_has_the_field(kind: str, path: str, risk: str) -> None:
    cases: list[Any] = [yaml.safe_load(file.read_text()) for file in (HERE / "risks" / risk).glob("fires-*.yaml")]
    name = path.split(".")[-1]
    assert any(f"{RENAMED.get(name, name)}:" in str(case).replace("'", "") for case in cases)
