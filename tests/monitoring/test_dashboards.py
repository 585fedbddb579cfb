"""Dashboards hold what Grafana needs and people forget: units, unique names, data source by variable, known metrics."""

import json
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from generator.kinds.objective import Objective
from generator.rules.promql import parse, series
from tests.monitoring import reference

# Of Grafana's own list of units (packages/grafana-data, valueFormats/categories.ts).
GRAFANA_UNITS = {"none", "short", "percent", "percentunit", "s", "bytes", "Bps", "cps", "dateTimeAsIso"}
EVERY = [
    pytest.param(environment, text, id=f"{environment}-{name}")
    for environment in reference.ENVIRONMENTS
    for config in reference.dashboard_configs(environment)
    for name, text in config["data"].items()
]


def _panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (panel for panel in dashboard["panels"] if panel["type"] != "row")


def test_the_reference_system_has_its_dashboards() -> None:
    uids = [json.loads(text)["uid"] for c in reference.dashboard_configs("production") for text in c["data"].values()]
    assert uids == ["apm-dashboard", "workflow-detail"]


@pytest.mark.parametrize(("environment", "text"), EVERY)
def test_panels_are_complete(environment: str, text: str) -> None:
    dashboard = json.loads(text)
    assert dashboard["uid"]
    assert "id" not in dashboard
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    for panel in _panels(dashboard):
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in GRAFANA_UNITS
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        refs = [target["refId"] for target in panel["targets"]]
        assert refs
        assert len(refs) == len(set(refs))
        assert all(target["expr"] and target["datasource"] == panel["datasource"] for target in panel["targets"])


@pytest.mark.parametrize(("environment", "text"), EVERY)
def test_panels_do_not_overlap(environment: str, text: str) -> None:
    cells: set[tuple[int, int]] = set()
    for panel in json.loads(text)["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        covered = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & covered, panel["title"]
        cells |= covered


@pytest.mark.parametrize(("environment", "text"), EVERY)
def test_queries_read_known_metrics_of_this_environment_only(environment: str, text: str) -> None:
    known = series(reference.families(environment).values())
    for panel in _panels(json.loads(text)):
        for target in panel["targets"]:
            reads = parse(target["expr"]).reads
            assert reads
            assert "$namespace" not in target["expr"]
            for read in reads:
                assert read.metric in known, panel["title"]
                assert {m.label for m in read.matchers} <= set(known[read.metric].labels)
                assert any(m.label in ("namespace", "dest_namespace") for m in read.matchers)


def test_a_dashboard_obeys_its_variables() -> None:
    config = next(c for c in reference.dashboard_configs("production") if "workflow" in c["metadata"]["name"])
    dashboard = json.loads(config["data"]["workflow-detail.json"])
    names = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert names == ["datasource", "workflow", "step"]
    panel = next(p for p in _panels(dashboard) if p["title"] == "Steps that ended")
    assert 'workflow=~"$workflow"' in panel["targets"][0]["expr"]
    assert 'step=~"$step"' in panel["targets"][0]["expr"]


def _system_panels() -> dict[str, dict[str, Any]]:
    (config, _) = reference.dashboard_configs("production")
    return {panel["title"]: panel for panel in _panels(json.loads(config["data"]["apm-dashboard.json"]))}


def test_thresholds_come_from_the_alert() -> None:
    memory = _system_panels()["Memory of the limit"]["fieldConfig"]["defaults"]
    assert memory["unit"] == "percentunit"
    steps = memory["thresholds"]["steps"]
    assert [step["color"] for step in steps] == ["green", "orange", "red"]
    assert [step["value"] for step in steps] == [None, pytest.approx(0.85), pytest.approx(0.95)]


def _color_in_grafana(panel: dict[str, Any], value: float) -> str:
    """As Grafana does it: the last step that the value has reached."""
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]


SHOWN = [
    (panel.title, panel.alert)
    for dashboard in reference.dashboards("production")
    if dashboard.name == "apm-dashboard"
    for row in dashboard.spec.rows
    for panel in row.panels
    if panel.alert
]
COMPARE: dict[str, Callable[[float, float], bool]] = {">": operator.gt, "<": operator.lt}


@pytest.mark.parametrize(("title", "name"), SHOWN)
def test_a_panel_has_a_colour_exactly_while_its_alert_holds(title: str, name: str) -> None:
    panel, alert = _system_panels()[title], reference.alerts("production")[name]
    for limit in [float(tier.conditions[0].threshold) for tier in alert.tiers]:
        for value in (0.0, limit * 0.99, limit, math.nextafter(limit, math.inf), limit + 0.5, limit + 1):
            holds = [
                {"critical": "red", "warning": "orange", "info": "blue"}[tier.severity]
                for tier in alert.tiers
                if COMPARE[tier.conditions[0].op](value, float(tier.conditions[0].threshold))
            ]
            assert _color_in_grafana(panel, value) == (holds[-1] if holds else "green"), f"{title} at {value}"


def test_nothing_and_half_open_are_green() -> None:
    panels = _system_panels()
    for title, value in (("Failed backups", 0), ("Events given up", 0), ("Budgets used up", 0), ("Open breakers", 1)):
        assert _color_in_grafana(panels[title], value) == "green"
        assert _color_in_grafana(panels[title], value + 1) == "orange"


def test_pods_are_told_apart_and_components_are_named() -> None:
    panels = _system_panels()
    for title in ("CPU of the limit", "Memory of the limit"):
        assert {target["legendFormat"] for target in panels[title]["targets"]} == {"{{pod}}"}
    assert [t["legendFormat"] for t in panels["Pods that answer"]["targets"]] == ["api", "worker", "scheduler"]
    assert panels["Events given up"]["targets"][0]["legendFormat"] == "{{channel}}"
    assert panels["Runs lost to other workers"]["targets"][0]["legendFormat"] == "Runs lost to other workers"


def test_every_alert_has_a_panel_or_says_why_not() -> None:
    without = {"EffectsUnknown", "NotSynced", "StepSlow"}
    """Effects and steps are shown by how they ended on workflow-detail; Argo CD has a page of its own."""
    dashboards = reference.dashboards("production")
    shown = {name for dashboard in dashboards for name in dashboard.alerts()}
    assert set(reference.single_alerts("production")) - shown == without
    objectives = {name for dashboard in dashboards for name in dashboard.objectives()}
    assert {group.name for group in reference.groups("production") if isinstance(group, Objective)} == objectives
