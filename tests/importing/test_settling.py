"""What apm would refuse is taken out, part by part, so that all the rest can be used; the report says why."""

import json
from pathlib import Path

from generator.importing.run import write
from generator.pipeline import build_all
from tests.importing.conftest import lift

RULES = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: platform}
spec:
  groups:
    - name: agents
      rules:
        - alert: QueueIsLong
          expr: sum by (namespace, pod) (shop_queue{namespace="shop"}) > 100
          labels: {severity: warning}
          annotations: {summary: The queue is long, description: 'of {{ $labels.pod }} in {{ $labels.zone }}'}
        - alert: PodsAreStuck
          expr: count by (pod) (kube_pod_phase{namespace="shop"}) * on (pod) group_left () shop_pod_up > 0
          labels: {severity: warning}
    - name: nodes
      rules:
        - alert: NodesAreFull
          expr: sum by (namespace) (kube_node_pods) > 100
          labels: {severity: critical}
"""
BOARD = {
    "uid": "board",
    "title": "Board",
    "schemaVersion": 36,
    "templating": {"list": [{"name": "cluster", "query": "label_values(up{job=\"shop\"}, cluster)"}]},
    "panels": [
        {"title": "Queue", "type": "timeseries", "targets": [{"expr": 'shop_queue{namespace="shop"}'}]},
        {"title": "By cluster", "type": "timeseries", "targets": [{"expr": 'shop_jobs{cluster="$cluster"}'}]},
    ],
}  # fmt: skip


def test_an_alert_of_the_whole_cluster_is_left_out_and_the_others_stay(out: Path) -> None:
    result = lift(RULES, out=out)
    assert result.proof.renders
    assert ("Alerts", "nodes") not in result.drafts.drafts
    assert [*result.drafts.drafts["Alerts", "agents"].spec["alerts"]] == ["QueueIsLong", "PodsAreStuck"]
    assert "specs/monitoring/runbooks/NodesAreFull.md" not in result.files
    (rules,) = result.proof.proven
    why = {row.path: row.why for row in rules.rows if row.path.startswith("nodes")}
    assert set(why.values()) == {"kube_node_pods is read from all namespaces"}


def test_a_text_that_names_a_label_that_is_not_there_is_left_out_alone(out: Path) -> None:
    result = lift(RULES, out=out)
    assert "description" not in result.drafts.drafts["Alerts", "agents"].spec["alerts"]["QueueIsLong"]
    (rules,) = result.proof.proven
    (row,) = [r for r in rules.rows if r.path == "agents.rules.QueueIsLong.annotations.description"]
    assert 'no label "zone"' in row.why


def test_alerts_without_tests_are_given_time(out: Path) -> None:
    """A Waiver with an end, in each environment that there is: it is seen, and it runs out."""
    result = lift(RULES, out=out)
    waiver = result.drafts.drafts["Waiver", "untested-agents-production"].spec
    assert waiver["rule"] == "alert-untested"
    assert waiver["scope"] == {"kind": "Alerts", "name": "agents", "environment": "production"}
    assert "tests" in {a.path.rpartition(".")[2] for a in result.drafts.assumed}


def test_a_variable_without_its_label_goes_with_the_panels_that_use_it(out: Path) -> None:
    result = lift(json.dumps(BOARD), out=out)
    assert result.proof.renders
    board = result.drafts.drafts["Dashboard", "board"].spec
    assert "variables" not in board
    assert [p["title"] for row in board["rows"] for p in row["panels"]] == ["Queue"]


def test_what_is_refused_altogether_is_not_expressed(out: Path) -> None:
    nodes = RULES[: RULES.index("    - name: agents")] + RULES[RULES.index("    - name: nodes") :]
    result = lift(nodes, out=out)
    assert not result.drafts.all("Alerts")
    (passed,) = result.drafts.passed
    assert passed.why == "apm refuses it: kube_node_pods is read from all namespaces"


def test_what_was_written_renders(out: Path) -> None:
    write(lift(RULES, json.dumps(BOARD), out=out), out)
    assert build_all(out).files()
