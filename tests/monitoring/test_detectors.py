"""The cases of a detector notice broken rules, and its back-test notices one that alarms too often."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.kinds._band import Replay
from generator.kinds._band_cases import cases
from generator.kinds.detector import Detector
from tests.monitoring import reference
from tests.monitoring.promtool import by_step, run

NAMESPACE, ALERT = "valeo-neuroerp", "RunRateAnomaly"


def _groups() -> list[dict[str, Any]]:
    return [group for group in reference.rule_groups("production") if group["name"] == "detector-run-rate"]


def _detector() -> Detector:
    return reference.project("production").get(Detector, "run-rate")


def _verdict(groups: list[dict[str, Any]], folder: Path, replay: Replay | None = None, only: str = "") -> str:
    band = _detector().band
    band = replace(band, replay=replay) if replay else band
    found = [case for case in cases(band, ALERT, reference.families("production")) if only in case.name]
    assert found
    return run(groups, by_step([("info", case) for case in found], ALERT, NAMESPACE), folder)


MUTATIONS = [
    ("detector:width", "6 *", "12 *"),
    ("detector:width", "6 *", "3 *"),
    ("detector:width", "0.02)", "0.06)"),
    ("detector:width", "0.02)", "0.01)"),
    ("detector:center", "quantile_over_time(0.5", "quantile_over_time(0.9"),
    ("detector:spread", "1.4826", "4"),
    (ALERT, "abs(", "("),
    (ALERT, "> 1", "> 2"),
    (ALERT, "> 1", "< 1"),
    (ALERT, "and last_over_time", "or last_over_time"),
    (ALERT, "and last_over_time", "unless last_over_time"),
]


@pytest.mark.parametrize(("rule", "old", "new"), MUTATIONS)
def test_cases_notice_broken_rules(rule: str, old: str, new: str, tmp_path: Path) -> None:
    broken = copy.deepcopy(_groups())
    (found,) = (r for r in broken[0]["rules"] if rule in (r.get("record"), r.get("alert")))
    assert old in found["expr"]
    found["expr"] = found["expr"].replace(old, new)
    assert _verdict(broken, tmp_path), f"nobody noticed {old} -> {new}"


def test_too_little_history_says_nothing(tmp_path: Path) -> None:
    """Without the guard the case of a young series fails: nothing usual is known yet."""
    broken = copy.deepcopy(_groups())
    alert = broken[0]["rules"][-1]
    alert["expr"] = alert["expr"].rsplit(" and ", 1)[0]
    assert _verdict(broken, tmp_path, only="too young")
    assert not _verdict(_groups(), tmp_path, only="too young")


def _days(*bursts: int) -> tuple[float, ...]:
    """Two days and a half of one value every five minutes, with a burst of three hours at each of these hours."""
    return tuple(5.0 if any(hour <= t / 12 < hour + 3 for hour in bursts) else 0.5 for t in range(60 * 12))


def test_a_back_test_runs_through_values_as_they_were(tmp_path: Path) -> None:
    """Three bursts in the day and a half after what the detector has to know are two a day."""
    bursts = _days(30, 40, 50)
    assert not _verdict(_groups(), tmp_path, Replay(2, bursts, "5m"), only="back-test")
    assert _verdict(_groups(), tmp_path, Replay(1.5, bursts, "5m"), only="back-test")
    assert not _verdict(_groups(), tmp_path, Replay(0, _days(), "5m"), only="back-test")


def test_a_back_test_notices_a_detector_that_alarms_at_noise(tmp_path: Path) -> None:
    nervous = copy.deepcopy(_groups())
    for rule in nervous[0]["rules"]:
        if rule.get("record") == "detector:width":
            rule["expr"] = "clamp_min(0.2 * detector:spread, 0.0001)"
        if rule.get("alert"):
            rule["for"] = "0s"
    assert _verdict(nervous, tmp_path, only="back-test")
    assert not _verdict(_groups(), tmp_path, only="back-test")
