"""Every alert of the reference system, proven by promtool with the series that its template or its spec states.

The last test turns it round: rules that are broken on purpose have to fail these cases.
"""

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from generator.alert_templates._template import Case
from generator.kinds.alerts import TEMPLATES
from tests.monitoring import reference
from tests.monitoring.promtool import by_step, rules_of, run

EVERY = [(environment, name) for environment in reference.ENVIRONMENTS for name in reference.alerts(environment)]


def _cases(environment: str, name: str) -> list[tuple[str, Case]]:
    find = partial(reference.runtime, environment)
    return list(reference.alerts(environment)[name].prove(reference.families(environment), find))


def _tests(environment: str, name: str, cases: list[tuple[str, Case]]) -> dict[int, list[dict[str, Any]]]:
    namespace = reference.objects(environment, "PrometheusRule")[0]["metadata"]["namespace"]
    return by_step(cases, name, namespace)


def _groups(environment: str, name: str) -> list[dict[str, Any]]:
    return rules_of(reference.rule_groups(environment), name, _cases(environment, name))


@pytest.mark.parametrize(("environment", "name"), EVERY)
def test_alert_fires_and_is_silent_as_its_cases_say(environment: str, name: str, tmp_path: Path) -> None:
    cases = _cases(environment, name)
    for severity in reference.alerts(environment)[name].severities:
        sides = {case.fires for of, case in cases if of == severity}
        assert sides == {True, False}, f"nothing proves both sides of {severity}"
    assert not run(_groups(environment, name), _tests(environment, name, cases), tmp_path)


def test_every_template_is_used_by_the_reference_system() -> None:
    used = {alert.template for alert in reference.alerts("production").values() if alert.template}
    assert used == set(TEMPLATES)


def test_messages_are_filled_in(tmp_path: Path) -> None:
    """What people read, letter by letter, for one alert of each kind of text."""
    namespace = 'namespace="valeo-neuroerp"'
    queue, worker = {"queue": "default", "severity": "warning"}, {"component": "worker", "severity": "critical"}
    tests = [
        _message("QueueBacklog", [(f'apm_queue_depth{{{namespace},queue="default"}}', "150x20")], queue,
                 "Runs pile up in the queue default", "apm_queue_depth is 150; the limit is 100."),
        _message("QueueWaiting", [(f'apm_queue_oldest_seconds{{{namespace},queue="default"}}', "600x20")], queue,
                 "Runs wait for a worker in the queue default", "apm_queue_oldest_seconds is 10m 0s; the limit is 5m."),
        _message("RuntimeDown", [(_up(component), "1x20") for component in ("api", "scheduler")], worker,
                 "No pod of apm-multi-agent worker answers",
                 "0 pods of apm-multi-agent worker answer; at least 1 should."),
    ]  # fmt: skip
    assert not run(reference.rule_groups("production"), {1: tests}, tmp_path)


def _up(component: str) -> str:
    return f'up{{job="apm-multi-agent",namespace="valeo-neuroerp",component="{component}"}}'


def _message(alert: str, series: list[tuple[str, str]], labels: dict[str, str], summary: str,
             description: str) -> dict[str, Any]:  # fmt: skip
    rules = [
        rule for group in reference.rule_groups("production") for rule in group["rules"] if rule.get("alert") == alert
    ]
    links = {key: value for key, value in rules[0]["annotations"].items() if key.endswith("_url")}
    assert set(links) == {"runbook_url", "dashboard_url", "silence_url"}
    always = {"owner": "devops", "environment": "production", "namespace": "valeo-neuroerp"}
    expected = {
        "exp_labels": {**always, **labels},
        "exp_annotations": {"summary": summary, "description": description, **links},
    }
    return {
        "name": alert,
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series],
        "alert_rule_test": [{"eval_time": "15m", "alertname": alert, "exp_alerts": [expected]}],
    }


# --- are the cases any good? ----------------------------------------------------------------------------------------

Rule = dict[str, Any]


def _never(rule: Rule) -> str:
    return "vector(0) > 1"


def _flipped(rule: Rule) -> str:
    value, op, threshold = _parts(rule)
    return f"{value} {'<' if op == '>' else '>'} {threshold}"


def _higher(rule: Rule) -> str:
    value, op, threshold = _parts(rule)
    return f"{value} {op} {float(threshold) * 4 or 9}"


def _lower(rule: Rule) -> str:
    """Where a rule fires at 0 already there is nothing lower: it stays what it is."""
    value, op, threshold = _parts(rule)
    return f"{value} {op} {float(threshold) * 0.5 if op == '>' else 0}" if float(threshold) else rule["expr"]


def _unguarded(rule: Rule) -> str:
    return rule["expr"].rsplit(" and ", 1)[0]


def _parts(rule: Rule) -> tuple[str, str, str]:
    """An expression without its guard, as what comes before, at and after its last comparison."""
    expr = rule["expr"].rsplit(" and ", 1)[0]
    op = max((">", "<"), key=lambda o: expr.rfind(f" {o} "))
    value, _, threshold = expr.rpartition(f" {op} ")
    return value, op, threshold


MUTATIONS: list[Callable[[Rule], str]] = [_never, _flipped, _higher, _lower, _unguarded]


@pytest.mark.parametrize("name", reference.single_alerts("production"))
def test_cases_notice_broken_rules(name: str, tmp_path: Path) -> None:
    first = reference.alerts("production")[name].tiers[0]
    cases = [(severity, case) for severity, case in _cases("production", name)
             if severity == first.severity and case.labels == first.conditions[0].labels]  # fmt: skip
    groups, tests = _groups("production", name), _tests("production", name, cases)
    survivors: list[str] = []
    for mutate in MUTATIONS:
        broken = copy.deepcopy(groups)
        rule: Rule = broken[0]["rules"][0]
        before, rule["expr"] = rule["expr"], mutate(rule)
        if rule["expr"] != before and not run(broken, tests, tmp_path):
            survivors.append(f"{mutate.__name__}: {rule['expr']}")
    assert not survivors
