"""The policy pod-security refuses what Kubernetes' own Pod Security admission refuses, and nothing else.

The samples are those by which Kubernetes tests its level `restricted`; `make tools` takes them out of its Go module.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.load import load
from generator.parse import parse
from generator.pipeline import KINDS
from generator.rules.policy import Compiled, compiled
from tests.rigs.tools import tool_folder

REPOSITORY = Path(__file__).parents[2]
FEW = 20
"""There are about 75 samples that fail and 20 that pass; far fewer would mean that the wrong folder was read."""


@cache
def policy() -> Compiled:
    declared, problems = parse(load(REPOSITORY).documents, KINDS)
    assert not problems
    (spec,) = (spec for spec in declared if (spec.kind, spec.name) == ("Policy", "pod-security"))
    return compiled(spec.spec)


def pods(side: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(tool_folder(f"pod-security-{side}").glob("*.yaml")):
        yield path.name, yaml.safe_load(path.read_text())


def test_what_kubernetes_refuses_is_refused() -> None:
    found = dict(pods("fail"))
    assert len(found) > FEW
    assert [name for name, pod in found.items() if not list(policy().refusals(pod))] == []


def test_what_kubernetes_allows_is_allowed() -> None:
    found = dict(pods("pass"))
    assert len(found) >= FEW
    assert {name: list(policy().refusals(pod)) for name, pod in found.items() if list(policy().refusals(pod))} == {}


@pytest.mark.parametrize("side", ["fail", "pass"])
def test_a_pod_in_a_template_is_judged_like_a_pod(side: str) -> None:
    for name, pod in pods(side):
        template = {"metadata": pod["metadata"], "spec": pod["spec"]}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "x"},
            "spec": {"template": template},
        }
        job = {"jobTemplate": {"spec": {"template": template}}}
        cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"}, "spec": job}
        alone = [r.index for r in policy().refusals(pod)]
        assert [r.index for r in policy().refusals(deployment)] == alone, name
        assert [r.index for r in policy().refusals(cron)] == alone, name
