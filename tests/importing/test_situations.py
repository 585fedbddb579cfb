"""Tests that import writes for an alert are right: promtool runs them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.importing.run import Imported
from generator.importing.situations import situations
from tests.monitoring.promtool import run

EXPRESSIONS = [
    "up == 0",
    'absent(up{job="x"})',
    "queue_length > 100",
    "a_bytes / b_bytes * 100 > 85",
    "rate(errors_total[5m]) > 0.1",
    "rate(latency_seconds_sum[5m]) / rate(latency_seconds_count[5m]) > 0.5",
    "sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.05",
    "time() - last_success_timestamp_seconds > 86400",
    "increase(reports_failed_total[15m]) > 3",
    'queue_length{queue=~"a|b",kind!="x"} >= 7',
    "hits / (misses + 1) < 0.7",
    "max by (job) (queue_length) > 5",
    "avg_over_time(temperature[10m]) > 80",
]
LEFT_TO_PEOPLE = [
    "rate(x_total[5m])",
    'rate(x_total{status="5"}[5m]) / rate(x_total[5m]) > 0.05',
    "a > b",
    "histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[5m]))) > 1",
    'a{job="x"} / b > 1',
    "a > 1 and b > 1",
    '{job="x"} > 1',
    "count(a) > 1",
]


def _verdict(expr: str, tests: list[dict[str, Any]], folder: Path, pending: str = "5m") -> str:
    group = {"name": "g", "rules": [{"alert": "A", "expr": expr, "for": pending}]}
    found = [
        {
            "interval": "1m",
            "input_series": [{"series": s, "values": v} for s, v in t.get("series", {}).items()],
            "promql_expr_test": [
                {"expr": 'group(ALERTS{alertstate="firing"})', "eval_time": t["at"],
                 "exp_samples": [{"labels": "{}", "value": 1}] if t["fires"] else []}
            ],
        }
        for t in tests
    ]  # fmt: skip
    return run([group], {1: found}, folder)


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_both_sides_are_proven(expr: str, tmp_path: Path) -> None:
    tests = situations(expr, 5)
    assert {t["fires"] for t in tests} == {True, False}
    assert not _verdict(expr, tests, tmp_path)


def test_the_other_way_round_they_fail(tmp_path: Path) -> None:
    tests = [{**t, "fires": not t["fires"]} for t in situations("queue_length > 100", 5)]
    assert "FAILED" in _verdict("queue_length > 100", tests, tmp_path)


@pytest.mark.parametrize("expr", LEFT_TO_PEOPLE)
def test_what_can_not_be_worked_out_is_left_to_people(expr: str) -> None:
    assert situations(expr, 5) == []


def test_what_import_writes_for_the_old_alerts_holds(old: Imported, tmp_path: Path) -> None:
    for (kind, _), draft in old.drafts.drafts.items():
        if kind != "Alerts":
            continue
        for alert in draft.spec["alerts"].values():
            assert not _verdict(alert["promql"], alert["tests"], tmp_path, alert["for"]), yaml.safe_dump(alert)
