"""What breaks generated SLO rules in practice, tried on ours with promtool; and that their cases notice broken rules.

Traffic is 10 runs a minute, except where a test says otherwise. The budget of `run-success` is 5% of 30 days.
"""

import copy
from pathlib import Path
from typing import Any

import pytest

from generator.kinds.objective import Objective
from tests.monitoring import reference
from tests.monitoring.promtool import by_step, run

NAMESPACE = "valeo-neuroerp"
NAME = "run-success"
BUDGET = f'round(objective:budget:remaining{{objective="{NAME}",namespace="{NAMESPACE}"}}, 0.001)'
PAGED = 'group(ALERTS{alertname="RunSuccessBudgetBurn",alertstate="firing",burn_tier="fast"})'
MISSED = 'group(ALERTS{alertname="RunSuccessNoData",alertstate="firing"})'
Expected = tuple[int, str, float | None]


def _groups() -> list[dict[str, Any]]:
    return [group for group in reference.rule_groups("production") if group["name"] == f"objective-{NAME}"]


def _runs(good: str, bad: str | None = None) -> dict[str, str]:
    def series(outcome: str) -> str:
        return f'apm_runs_total{{namespace="{NAMESPACE}",workflow="w",outcome="{outcome}"}}'

    return {series("succeeded"): good, **({series("failed"): bad} if bad else {})}


def _complaints(series: dict[str, str], expected: list[Expected], folder: Path) -> str:
    """What promtool says about values (None is no series) of expressions after so many minutes."""
    found = [
        {"expr": expr, "eval_time": f"{minute}m",
         "exp_samples": [] if value is None else [{"labels": _labels(expr), "value": value}]}
        for minute, expr, value in expected
    ]  # fmt: skip
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": found,
    }
    return run(_groups(), {1: [test]}, folder)


def _labels(expr: str) -> str:
    return f'{{objective="{NAME}",namespace="{NAMESPACE}"}}' if expr == BUDGET else "{}"


def test_an_idle_time_leaves_the_budget_as_it_is(tmp_path: Path) -> None:
    """Two hours of traffic with 1% of failures, an hour of none, and traffic again."""
    series = _runs("0+9.9x120 1188+0x59 1188+9.9x60", "0+0.1x120 12+0x59 12+0.1x60")
    left = 1 - 0.01 / 0.05
    assert not _complaints(series, [(100, BUDGET, left), (170, BUDGET, left), (230, BUDGET, left)], tmp_path)


def test_failures_cost_their_share_of_the_budget(tmp_path: Path) -> None:
    assert not _complaints(_runs("0+5x120", "0+5x120"), [(110, BUDGET, 1 - 0.5 / 0.05)], tmp_path)


def test_the_budget_is_whole_before_anything_failed_and_before_anything_ran(tmp_path: Path) -> None:
    assert not _complaints(_runs("0+10x120"), [(60, BUDGET, 1)], tmp_path)
    assert not _complaints(_runs("0x120"), [(60, BUDGET, 1)], tmp_path)


def test_one_failure_in_little_traffic_calls_nobody(tmp_path: Path) -> None:
    """A run every ten minutes, and one of them fails: within five minutes all runs have failed."""
    series = _runs("0x60 1x9 2x9 3x9 4x20", "0x100 1x60")
    assert not _complaints(series, [(minute, PAGED, None) for minute in range(90, 120)], tmp_path)


def test_a_total_outage_is_told_within_minutes(tmp_path: Path) -> None:
    """Two hours of good runs, then all fail: the hour's share of failures passes 72% after about 43 minutes."""
    series = _runs("0+10x120 1200x100", "0x120 0+10x100")
    assert not _complaints(series, [(155, PAGED, None), (172, PAGED, 1)], tmp_path)


def test_a_vanished_exporter_is_told_and_the_budget_waits_for_it(tmp_path: Path) -> None:
    series = _runs("0+9x60", "0+1x60")
    left = round(1 - 0.1 / 0.05, 3)
    expected: list[Expected] = [(55, MISSED, None), (55, BUDGET, left), (80, MISSED, 1), (120, BUDGET, left)]
    assert not _complaints(series, expected, tmp_path)


def test_a_faster_tier_silences_the_slower_ones() -> None:
    (config,) = reference.objects("production", "AlertmanagerConfig")
    found = [
        (rule["sourceMatch"][0]["value"], rule["targetMatch"][0]["value"], rule["equal"])
        for rule in config["spec"]["inhibitRules"]
        if rule["sourceMatch"][0]["name"] == "burn_tier"
    ]
    equal = ["alertname", "namespace", "gen_ai_request_model"]
    assert found == [
        ("fast", "medium|slow|trickle", equal),
        ("medium", "slow|trickle", equal),
        ("slow", "trickle", equal),
    ]


def test_thresholds_are_decimal() -> None:
    (group,) = _groups()
    exprs = [rule["expr"] for rule in group["rules"] if rule.get("alert") == "RunSuccessBudgetBurn"]
    assert [expr.split(" > ")[1].split()[0] for expr in exprs] == ["0.72", "0.3", "0.15", "0.05"]


def _mutants() -> list[tuple[str, int, str]]:
    """Every way in which one rule of the fast tier can be broken: place of the rule, and its new expression."""
    (group,) = _groups()
    rules = group["rules"]
    at = {rule.get("record") or rule["labels"].get("burn_tier", "absent"): i for i, rule in enumerate(rules)}
    fast, five, hour = at["fast"], at["objective:bad:ratio_rate5m"], at["objective:bad:ratio_rate1h"]
    count = at["objective:total:increase1h"]
    expr = rules[fast]["expr"]
    long, short, enough = expr.split(" and ")
    return [
        ("never", fast, "vector(0) > 1"),
        ("long window flipped", fast, expr.replace(long, long.replace(">", "<"))),
        ("threshold higher", fast, expr.replace("0.72", "0.95")),
        ("threshold lower", fast, expr.replace("0.72", "0.5")),
        ("no short window", fast, f"{long} and {enough}"),
        ("no long window", fast, f"{short} and {enough}"),
        ("no minimum of events", fast, f"{long} and {short}"),
        ("other label value", five, rules[five]["expr"].replace("failed|timeout", "faild|timout")),
        ("other label value", hour, rules[hour]["expr"].replace("failed|timeout", "faild|timout")),
        ("good for bad", hour, rules[hour]["expr"].replace("failed|timeout", "succeeded")),
        ("other namespace", count, rules[count]["expr"].replace(NAMESPACE, "elsewhere")),
    ]


MUTANTS = _mutants()


@pytest.mark.parametrize(("name", "place", "expr"), MUTANTS, ids=[f"{m[0]}-{i}" for i, m in enumerate(MUTANTS)])
def test_cases_notice_broken_rules(name: str, place: int, expr: str, tmp_path: Path) -> None:
    objective = reference.project("production").get(Objective, NAME)
    families = reference.families("production")
    cases = [c for c in objective.alerts[0].prove(families, lambda n: reference.runtime("production", n))
             if c[1].labels.get("burn_tier") == "fast"]  # fmt: skip
    broken = copy.deepcopy(_groups())
    assert broken[0]["rules"][place]["expr"] != expr, name
    broken[0]["rules"][place]["expr"] = expr
    assert run(broken, by_step(cases, "RunSuccessBudgetBurn", NAMESPACE), tmp_path), f"nobody noticed: {name}"
