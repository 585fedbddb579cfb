"""Dashboards hold what Grafana needs and people forget: units, unique names, data source by variable, known metrics."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from generator.rules.promql import parse, series
from tests.monitoring import reference

# Of Grafana's own list of units (packages/grafana-data, valueFormats/categories.ts).
GRAFANA_UNITS = {"none", "short", "percent", "percentunit", "s", "bytes", "Bps", "cps", "dateTimeAsIso"}
EVERY = [
    pytest.param(environment, text, id=f"{environment}-{name}")
    for environment in reference.ENVIRONMENTS
    for config in reference.objects(environment, "ConfigMap")
    for name, text in config["data"].items()
]


def _panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (panel for panel in dashboard["panels"] if panel["type"] != "row")


def test_the_reference_system_has_its_dashboards() -> None:
    uids = [
        json.loads(text)["uid"] for c in reference.objects("production", "ConfigMap") for text in c["data"].values()
    ]
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
    config = next(c for c in reference.objects("production", "ConfigMap") if "workflow" in c["metadata"]["name"])
    dashboard = json.loads(config["data"]["workflow-detail.json"])
    names = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert names == ["datasource", "workflow", "step"]
    panel = next(p for p in _panels(dashboard) if p["title"] == "Steps that ended")
    assert 'workflow=~"$workflow"' in panel["targets"][0]["expr"]
    assert 'step=~"$step"' in panel["targets"][0]["expr"]


def test_thresholds_come_from_the_alert() -> None:
    (config, _) = reference.objects("production", "ConfigMap")
    panels = {panel["title"]: panel for panel in _panels(json.loads(config["data"]["apm-dashboard.json"]))}
    memory = panels["Memory of the limit"]["fieldConfig"]["defaults"]
    assert memory["unit"] == "percentunit"
    assert memory["thresholds"]["steps"] == [
        {"color": "green", "value": None},
        {"color": "orange", "value": 0.85},
        {"color": "red", "value": 0.95},
    ]
    down = panels["Runtime down"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert down == [{"color": "red", "value": None}, {"color": "green", "value": 1.0}]


def test_every_alert_has_a_panel_or_says_why_not() -> None:
    without = {"EffectsUnknown", "NotSynced", "StepSlow"}
    """Effects and steps are shown by how they ended on workflow-detail; Argo CD has a page of its own."""
    shown = {name for dashboard in reference.dashboards("production") for name in dashboard.alerts()}
    assert set(reference.alerts("production")) - shown == without
