"""Who is told of what, and what they read: our own model and Alertmanager's own tools have to agree."""

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.kinds.notifications import Notifications, NotificationsSpec, receivers_of
from generator.kinds.runtime import Runtime
from generator.kinds.team import Team
from tests.monitoring import reference
from tests.rigs.tools import tool

SEVERITIES = ("critical", "warning", "info")


def _configuration(environment: str, folder: Path) -> Path:
    path = folder / "alertmanager.yml"
    path.write_text(reference.files(environment)["docs/alertmanager.yml"])
    return path


def _amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("amtool"), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_amtool_accepts_the_configuration(environment: str, tmp_path: Path) -> None:
    done = _amtool("check-config", _configuration(environment, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_amtool_routes_every_alert_as_our_model_does(environment: str, tmp_path: Path) -> None:
    path, project = _configuration(environment, tmp_path), reference.project(environment)
    (notifications,) = project.all(Notifications)
    for severity, team in product(SEVERITIES, project.all(Team)):
        expected = ",".join(notifications.told(severity, team.name)) or "nobody"
        labels = (f"severity={severity}", f"owner={team.name}", "alertname=Any")
        done = _amtool("config", "routes", "test", f"--config.file={path}", f"--verify.receivers={expected}", *labels)
        assert done.returncode == 0, (severity, team.name, expected, done.stdout, done.stderr)


def test_amtool_notices_a_wrong_route(tmp_path: Path) -> None:
    path = _configuration("production", tmp_path)
    wrong = ("--verify.receivers=alerts", "severity=critical", "owner=devops")
    assert _amtool("config", "routes", "test", f"--config.file={path}", *wrong).returncode != 0


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_critical_alerts_wake_people_and_start_a_workflow(environment: str) -> None:
    project = reference.project(environment)
    (notifications,) = project.all(Notifications)
    assert notifications.told("critical", "devops") == ["ops-cycle", "critical"]
    assert notifications.told("warning", "devops") == ["alerts"]
    (config,) = reference.objects(environment, "AlertmanagerConfig")
    namespace = config["metadata"]["namespace"]
    (webhook,) = next(r for r in config["spec"]["receivers"] if r["name"] == "ops-cycle")["webhookConfigs"]
    assert webhook["url"] == f"http://apm-multi-agent-api.{namespace}.svc:8080/channels/alerts-in/events"
    assert webhook["httpConfig"]["authorization"]["credentials"] == {"name": "alertmanager-apm", "key": "key"}
    served = [w for runtime in project.all(Runtime) for w in runtime.workflows]
    assert any(t.channel == "alerts-in" for w in served for t in w.document.triggers)


def test_default_is_not_asked_once_a_route_has_taken_an_alert() -> None:
    """Alertmanager does it that way; amtool holds us to it for the reference system above."""
    hook = {"webhook": {"runtime": "r", "channel": "c", "credentials": "s/k"}}
    routes = [{"receiver": "a", "severities": ["critical"], "continue": True}]
    spec = NotificationsSpec.model_validate({"receivers": {"a": hook, "b": hook}, "routes": routes, "default": "b"})
    assert receivers_of(spec, "critical", "x") == ["a"]
    assert receivers_of(spec, "warning", "x") == ["b"]


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_every_alert_carries_what_routes_and_the_operator_match(environment: str) -> None:
    (config,) = reference.objects(environment, "AlertmanagerConfig")
    namespace = config["metadata"]["namespace"]
    for group in reference.rule_groups(environment):
        assert all(rule["labels"]["namespace"] == namespace for rule in group["rules"])
        for rule in (rule for rule in group["rules"] if "alert" in rule):
            assert rule["labels"]["severity"] in SEVERITIES
            assert rule["labels"]["owner"]


@pytest.mark.parametrize("environment", reference.ENVIRONMENTS)
def test_both_forms_say_the_same(environment: str) -> None:
    (config,) = reference.objects(environment, "AlertmanagerConfig")
    plain = yaml.safe_load(reference.files(environment)["docs/alertmanager.yml"])
    spec = config["spec"]
    assert _tree(spec["route"], "groupBy", "groupWait", "groupInterval", "repeatInterval") == _tree(
        plain["route"], "group_by", "group_wait", "group_interval", "repeat_interval"
    )
    assert [r["name"] for r in spec["receivers"]] == [r["name"] for r in plain["receivers"]]
    for ours, theirs in zip(spec["receivers"], plain["receivers"], strict=True):
        for a, b in zip(ours.get("webhookConfigs", []), theirs.get("webhook_configs", []), strict=True):
            assert (a["url"], a["sendResolved"], a["maxAlerts"]) == (b["url"], b["send_resolved"], b["max_alerts"])
            credentials = a["httpConfig"]["authorization"]["credentials"]
            file = b["http_config"]["authorization"]["credentials_file"]
            assert file.endswith(f"/{credentials['name']}/{credentials['key']}")
        for a, b in zip(ours.get("slackConfigs", []), theirs.get("slack_configs", []), strict=True):
            assert (a["channel"], a["title"], a["text"], a["color"]) == (
                b["channel"],
                b["title"],
                b["text"],
                b["color"],
            )
    assert [rule["equal"] for rule in spec["inhibitRules"]] == [rule["equal"] for rule in plain["inhibit_rules"]]


def _tree(route: dict[str, Any], *keys: str) -> Any:
    own = (
        route["receiver"],
        route.get("continue", False),
        *(route[key] for key in keys),
        sorted(map(_text, route.get("matchers", []))),
    )
    return (own, [_tree(child, *keys) for child in route.get("routes", [])])


def _text(matcher: Any) -> str:
    return matcher if isinstance(matcher, str) else f'{matcher["name"]}{matcher["matchType"]}"{matcher["value"]}"'


# --- messages -------------------------------------------------------------------------------------------------------


def _alert(name: str, severity: str, status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": severity, "environment": "production", **labels},
        "annotations": {"summary": f"{name} of {labels}", "description": "More about it.", "runbook_url": "https://r/1",
                        "dashboard_url": "https://d/1", "silence_url": "https://s/1"},
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://p/1",
        "fingerprint": "a1",
    }  # fmt: skip


def _data(alerts: list[dict[str, Any]], status: str) -> dict[str, Any]:
    """What Alertmanager hands to a template; common labels and annotations are those that all alerts share."""
    return {
        "receiver": "any",
        "status": status,
        "alerts": alerts,
        "groupLabels": {"alertname": alerts[0]["labels"]["alertname"]},
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": "https://alertmanager",
    }


def _common(found: list[dict[str, str]]) -> dict[str, str]:
    return {key: value for key, value in found[0].items() if all(other.get(key) == value for other in found)}


def _rendered(template: str, data: dict[str, Any], folder: Path) -> str:
    (folder / "none.tmpl").write_text('{{ define "none" }}{{ end }}')
    (folder / "data.json").write_text(json.dumps(data))
    done = _amtool("template", "render", f"--template.glob={folder / 'none.tmpl'}", f"--template.text={template}",
                   f"--template.data={folder / 'data.json'}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def _slack(receiver: str) -> dict[str, Any]:
    plain = yaml.safe_load(reference.files("production")["docs/alertmanager.yml"])
    found: dict[str, Any] = next(r for r in plain["receivers"] if r["name"] == receiver)["slack_configs"][0]
    return found


def test_a_critical_message(tmp_path: Path) -> None:
    slack, data = _slack("critical"), _data([_alert("StoreDown", "critical")], "firing")
    assert _rendered(slack["title"], data, tmp_path) == "[KRITISCH] StoreDown (production)"
    assert _rendered(slack["title_link"], data, tmp_path) == "https://d/1"
    assert _rendered(slack["color"], data, tmp_path) == "danger"
    assert _rendered(slack["text"], data, tmp_path).splitlines() == [
        "*StoreDown of {}*",
        "More about it.",
        "<https://r/1|Runbook> <https://d/1|Dashboard> <https://s/1|Stummschalten> ",
    ]


def test_a_resolved_message(tmp_path: Path) -> None:
    data = _data([_alert("StoreDown", "critical", "resolved")], "resolved")
    for receiver in ("critical", "alerts"):
        assert _rendered(_slack(receiver)["title"], data, tmp_path) == "[BEHOBEN] StoreDown (production)"
        assert _rendered(_slack(receiver)["color"], data, tmp_path) == "good"


def test_a_message_of_several_alerts(tmp_path: Path) -> None:
    alerts = [_alert("StepFailures", "warning", workflow="a"), _alert("StepFailures", "warning", workflow="b")]
    slack, data = _slack("alerts"), _data(alerts, "firing")
    assert _rendered(slack["title"], data, tmp_path) == "StepFailures (production)"
    assert _rendered(slack["color"], data, tmp_path) == "warning"
    text = _rendered(slack["text"], data, tmp_path)
    assert "{'workflow': 'a'}" in text
    assert "{'workflow': 'b'}" in text


def test_a_message_of_alerts_that_share_nothing(tmp_path: Path) -> None:
    first, second = _alert("A", "warning"), _alert("B", "critical")
    first["labels"].pop("environment")
    first["annotations"], second["annotations"] = {}, {"summary": "only this"}
    slack, data = _slack("alerts"), _data([first, second], "firing")
    assert _rendered(slack["title"], data, tmp_path) == "2 Alarme"
    assert not _rendered(slack["title_link"], data, tmp_path)
    assert "*only this*" in _rendered(slack["text"], data, tmp_path)
