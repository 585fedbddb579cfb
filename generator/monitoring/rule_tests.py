"""Cases of alerts as unit tests for promtool, and its verdict on them."""

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.alert_templates._template import Case


def by_step(cases: Iterable[tuple[str, Case]], alert: str, namespace: str) -> dict[int, list[dict[str, Any]]]:
    """Tests by the minutes between samples, since a file has one evaluation interval."""
    found: dict[int, list[dict[str, Any]]] = {}
    for severity, case in cases:
        found.setdefault(case.step, []).append(_test(case, alert, severity, namespace))
    return found


def _test(case: Case, alert: str, severity: str, namespace: str) -> dict[str, Any]:
    labels = {"alertname": alert, "alertstate": "firing", "severity": severity, **case.labels}
    selector = ",".join(f'{name}="{value}"' for name, value in labels.items())
    series = [{"series": s.replace("$namespace", namespace), "values": values} for s, values in case.series]
    expected = [{"labels": "{}", "value": 1}] if case.fires else []
    return {
        "name": f"{alert} {severity}: {case.name}",
        "interval": f"{case.step}m",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": case.expr or f"group(ALERTS{{{selector}}})",
                "eval_time": f"{case.minutes}m",
                "exp_samples": expected,
            }
        ],
    }


def rules_of(
    groups: Iterable[Mapping[str, Any]], alert: str, cases: Iterable[tuple[str, Case]]
) -> list[dict[str, Any]]:
    """Return the rules of one alert with what is recorded for it, without what its cases give as series.

    Other alerts would be evaluated for every minute of every case.
    """
    given = {series.partition("{")[0] for _, case in cases for series, _ in case.series}
    found = [group for group in groups if alert in {rule.get("alert") for rule in group["rules"]}]
    return [{"name": g["name"], "rules": [r for r in g["rules"] if _belongs(r, alert, given)]} for g in found]


def _belongs(rule: Mapping[str, Any], alert: str, given: set[str]) -> bool:
    return rule.get("alert") == alert or ("record" in rule and rule["record"] not in given)


def run(
    promtool: Path, groups: Sequence[Mapping[str, Any]], tests: Mapping[int, list[dict[str, Any]]], folder: Path
) -> str:
    """Run tests against rules; returns what promtool complains about, empty if all pass."""
    import yaml

    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": list(groups)}))
    paths: list[Path] = []
    for step, found in tests.items():
        paths.append(folder / f"tests-{step}m.yml")
        content = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{step}m",
            "group_eval_order": [group["name"] for group in groups],
            "tests": found,
        }
        paths[-1].write_text(yaml.safe_dump(content, width=10_000))
    done = subprocess.run([promtool, "test", "rules", *paths], capture_output=True, text=True, check=False)  # noqa: S603
    return "" if done.returncode == 0 else done.stdout + done.stderr
