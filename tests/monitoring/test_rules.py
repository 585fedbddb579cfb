"""The rules as files: promtool accepts them, and they read only what something exports."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from generator.rules.promql import parse, series
from runtime.contract.api import ROUTES
from tests.monitoring import reference
from tests.rigs.tools import tool


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_promtool_accepts_the_rules(environment: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": reference.rule_groups(environment)}))
    command = [tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_rules_read_metrics_that_exist_with_labels_that_they_have(environment: str) -> None:
    known = series(reference.families(environment).values())
    rules = [rule for group in reference.rule_groups(environment) for rule in group["rules"]]
    assert rules
    for rule in rules:
        for read in parse(rule["expr"]).reads:
            assert read.metric in known, rule
            assert {m.label for m in read.matchers} <= set(known[read.metric].labels), rule


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_no_text_is_left_with_a_label_that_the_expression_does_not_give(environment: str) -> None:
    for group in reference.rule_groups(environment):
        for rule in (rule for rule in group["rules"] if "alert" in rule):
            for label in rule["labels"]:
                assert f"$labels.{label}" not in rule["annotations"]["summary"], rule["alert"]


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_the_backup_alerts_watch_the_cron_job_that_is_rendered(environment: str) -> None:
    texts = [text for path, text in reference.files(environment).items() if path.startswith("backup/")]
    names = [o["metadata"]["name"] for t in texts for o in yaml.safe_load_all(t) if o and o["kind"] == "CronJob"]
    rules = {rule.get("alert"): rule["expr"] for group in reference.rule_groups(environment) for rule in group["rules"]}
    for name in names:
        assert f'cronjob="{name}"' in rules["BackupStale"]
        assert f'job_name=~"{name}-.+"' in rules["BackupFailed"]
    assert names


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_every_alert_has_its_runbook(environment: str) -> None:
    files = reference.files(environment)
    for name in reference.alerts(environment):
        page = files[f"docs/runbooks/{name}.md"]
        assert "## What to do" in page
        assert "$namespace" not in page


API_CALL = re.compile(r"\$API(/[^\s\"?`]*)")


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_runbooks_ask_the_cluster_and_not_the_store_of_a_laptop(environment: str) -> None:
    files = reference.files(environment)
    pages = {name: files[f"docs/runbooks/{name}.md"] for name in reference.alerts(environment)}
    asking = {name: page for name, page in pages.items() if "$API" in page}
    assert {"DeadLetters", "RunFailures", "RunStuck", "ApprovalsWaiting"} <= set(asking)
    for name, page in pages.items():
        assert "apm runs" not in page, name
        assert page.count("port-forward service/apm-multi-agent-api 8080:8080") == (name in asking), name
        assert page.count("get secret apm-api-keys") == (name in asking), name


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_commands_of_runbooks_are_routes_of_the_api(environment: str) -> None:
    known = {re.sub(r"\{\w+\}", "X", route.path) for route in ROUTES}
    calls = {
        re.sub(r"\b(ID|CHANNEL)\b", "X", call)
        for path, text in reference.files(environment).items()
        if path.startswith("docs/runbooks/")
        for call in API_CALL.findall(text)
    }
    assert "/channels/X/events" in calls
    assert calls <= known
