"""kube-score and checkov read the rendered objects: reliability and security as others understand them."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

from tests.environments import programs
from tests.judges.verdicts import Finding, judged
from tests.rigs import rendered
from tests.rigs.rendered import Item
from tests.rigs.tools import tool

GOOD = 10
"""The best grade of kube-score; 5 is a warning, 1 is critical."""


def test_kube_score_knows_nothing_better(items: list[Item]) -> None:
    found: list[Finding] = []
    for environment in rendered.ENVIRONMENTS:
        files = sorted({item.file for item in items if item.environment == environment})
        command = [tool("kube-score"), "score", "--output-format", "json", "--kubernetes-version", "v1.36", *files]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        scored: list[Any] = json.loads(done.stdout or "null") or []
        assert {"Deployment", "CronJob", "NetworkPolicy"} <= {one["type_meta"]["kind"] for one in scored}, done.stderr
        found += [finding for one in scored for finding in _scores(environment, one)]
    judged("kube-score", found)


def _scores(environment: str, scored: Any) -> Iterator[Finding]:
    for one in scored["checks"]:
        if not one["skipped"] and one["grade"] < GOOD:
            says = "; ".join(comment["summary"] for comment in one["comments"] or ())
            yield Finding(one["check"]["id"], f"{environment}: {scored['object_name']}", says)


def test_checkov_knows_nothing_better() -> None:
    options = ["--framework", "kubernetes", "--output", "json", "--quiet", "--compact", "--skip-download"]
    command = [programs("checkov") / "checkov", "--directory", rendered.ROOT, *options]
    offline = {**os.environ, "BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=offline)
    report: Any = json.loads(done.stdout)
    assert report["summary"]["passed"] > 500, done.stderr
    assert report["summary"]["parsing_errors"] == 0
    failed = report["results"]["failed_checks"]
    judged("checkov", [Finding(one["check_id"], one["resource"], one["check_name"]) for one in failed])
