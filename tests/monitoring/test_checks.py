"""Each check of the monitoring specs: what it refuses, where it points, and that the corrected spec passes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.pipeline import check
from generator.problems import Problem, Rejected

BASE = """\
apiVersion: apm/v1
kind: System
metadata: {name: shop}
spec: {title: Shop, defaultOwner: ops}
---
apiVersion: apm/v1
kind: Team
metadata: {name: ops}
spec: {title: Operations, mail: ops@example.com}
---
apiVersion: apm/v1
kind: Environment
metadata: {name: live}
spec: {namespace: shop, urls: {grafana: "https://grafana.example"}}
"""
TOLD = """\
apiVersion: apm/v1
kind: Notifications
metadata: {name: chat}
spec:
  receivers: {all: {slack: {channel: "#alerts", webhook: slack/url}}}
"""
DEFAULT = TOLD + "  default: all\n"
METRICS = """\
apiVersion: apm/v1
kind: Metrics
metadata: {name: jobs}
spec:
  metrics:
    job_last_success: {type: gauge, unit: timestamp, help: Last success., labels: {namespace: [], job_name: []}}
"""


def alerts(condition: str, *, name: str = "Some", severity: str = "warning", more: str = "", group: str = "all") -> str:
    """A group of one alert; `condition` and `more` are lines of YAML."""
    lines = [condition, f"severity: {severity}", *more.splitlines()]
    if "summary:" not in more:
        lines.append("summary: Something")
    body = "\n".join(f"      {line}" for line in [*lines, "runbook: runbook.md"])
    return f"apiVersion: apm/v1\nkind: Alerts\nmetadata: {{name: {group}}}\nspec:\n  alerts:\n    {name}:\n{body}\n"


def promql(expression: str, *, tests: Sequence[bool] = (True, False)) -> str:
    """A group of one alert with its own expression, written as a quoted scalar."""
    found = "\n".join(f"  - {{name: case {i}, at: 5m, fires: {str(fires).lower()}}}" for i, fires in enumerate(tests))
    return alerts(f"promql: '{expression}'", more=f"tests:\n{found}" if tests else "")


def dashboard(panel: str, *, name: str = "one", uid: str = "", variables: str = "") -> str:
    """A dashboard of one panel."""
    return (
        f"apiVersion: apm/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\nspec:\n  title: T\n"
        + (f"  uid: {uid}\n" if uid else "")
        + (f"  variables: [{variables}]\n" if variables else "")
        + f"  rows: [{{title: R, panels: [{{title: P, {panel}}}]}}]\n"
    )


def problems(folder: Path, *documents: str) -> tuple[Problem, ...]:
    """What is wrong with a repository of these specs."""
    specs = folder / "specs"
    specs.mkdir(parents=True)
    (specs / "runbook.md").write_text("Look.\n")
    (specs / "base.yaml").write_text(BASE)
    for index, document in enumerate(documents):
        (specs / f"{index}.yaml").write_text(document)
    try:
        check(folder)
    except Rejected as rejected:
        return rejected.problems
    return ()


@dataclass(frozen=True)
class Pair:
    """What a check refuses, the text that it points at, a part of what it says, and the corrected specs."""

    code: str
    bad: tuple[str, ...]
    points_at: str
    says: str
    good: tuple[str, ...]


def backlog(metric: str, above: str, more: str = "") -> str:
    return f"backlog: {{metric: {metric}, above: {above}{more}}}"


def ratio(bad: str, above: str = "5%") -> str:
    return f"ratio: {{bad: '{bad}', total: apm_runs_total, above: {above}}}"


OK = alerts(backlog("apm_queue_depth", "5"))
PAIRS = [
    Pair(
        "promql-syntax",
        (promql("avg_over_time(up[30m]) by (job) < 1"), DEFAULT),
        "'avg_over",
        "not PromQL",
        (promql('avg by (job) (avg_over_time(up{namespace="$namespace"}[30m])) < 1'), DEFAULT),
    ),
    Pair(
        "promql-syntax",
        (alerts("increase: {counter: 'rate(apm_dead_letters_total[5m])'}", more="for: 0s"), DEFAULT),
        "'rate(",
        "this has to be one metric",
        (alerts("increase: {counter: apm_dead_letters_total}", more="for: 0s"), DEFAULT),
    ),
    Pair(
        "unknown-metric",
        (promql('sum(apm_queue_dept{namespace="$namespace"}) > 5'), DEFAULT),
        "apm_queue_dept",
        "did you mean",
        (promql('sum(apm_queue_depth{namespace="$namespace"}) > 5'), DEFAULT),
    ),
    Pair(
        "unknown-metric",
        (alerts(backlog("queue_depth", "5")), DEFAULT),
        "queue_depth",
        "nothing exports",
        (OK, DEFAULT),
    ),
    Pair(
        "unknown-metric-label",
        (alerts(ratio('apm_runs_total{status="failed"}')), DEFAULT),
        "status",
        "has no label",
        (alerts(ratio('apm_runs_total{outcome="failed"}')), DEFAULT),
    ),
    Pair(
        "unknown-metric-label",
        (alerts(ratio('apm_runs_total{outcome="faild"}')), DEFAULT),
        '"faild"',
        'did you mean "failed"',
        (alerts(ratio('apm_runs_total{outcome=~"fail.*"}')), DEFAULT),
    ),
    Pair(
        "unknown-metric-label",
        (alerts(backlog("apm_queue_depth", "5", ", by: [workflow]")), DEFAULT),
        "workflow",
        "has no label",
        (alerts(backlog("apm_queue_depth", "5", ", by: [queue]")), DEFAULT),
    ),
    Pair(
        "unknown-metric-label",
        (promql('sum by (step) (apm_queue_depth{namespace="$namespace"}) > 5'), DEFAULT),
        "step",
        "has no label",
        (promql('sum by (queue) (apm_queue_depth{namespace="$namespace"}) > 5'), DEFAULT),
    ),
    Pair(
        "metric-type",
        (promql('sum(apm_dead_letters_total{namespace="$namespace"}) > 5'), DEFAULT),
        "apm_dead_letters_total",
        "is a counter",
        (promql('sum(increase(apm_dead_letters_total{namespace="$namespace"}[9m])) > 5'), DEFAULT),
    ),
    Pair(
        "metric-type",
        (promql('rate(apm_queue_depth{namespace="$namespace"}[5m]) > 5'), DEFAULT),
        "apm_queue_depth",
        "is a gauge",
        (promql('deriv(apm_queue_depth{namespace="$namespace"}[5m]) > 5'), DEFAULT),
    ),
    Pair(
        "metric-type",
        (promql('max(apm_run_duration_seconds{namespace="$namespace"}) > 5'), DEFAULT),
        "apm_run_duration_seconds",
        "is a histogram",
        (promql('sum(rate(apm_run_duration_seconds_sum{namespace="$namespace"}[5m])) > 5'), DEFAULT),
    ),
    Pair(
        "metric-type",
        (alerts(backlog("apm_runs_total", "5")), DEFAULT),
        "apm_runs_total",
        "has to be a gauge",
        (OK, DEFAULT),
    ),
    Pair(
        "promql-scope",
        (promql("max(apm_store_up) < 1"), DEFAULT),
        "apm_store_up",
        "all namespaces",
        (promql('max(apm_store_up{namespace="$namespace"}) < 1'), DEFAULT),
    ),
    Pair(
        "alert-route",
        (
            alerts(backlog("apm_queue_depth", "5"), severity="info"),
            TOLD + "  routes: [{receiver: all, severities: [critical, warning]}]\n",
        ),
        "info",
        "no route takes info",
        (
            alerts(backlog("apm_queue_depth", "5"), severity="info"),
            TOLD + "  routes: [{receiver: nobody, severities: [info]}]\n",
        ),
    ),
    Pair("alert-route", (OK,), "warning", "there is no Notifications spec", (OK, DEFAULT)),
    Pair("alert-route", (OK, TOLD + "  default: al\n"), "al\n", 'did you mean "all"', (OK, DEFAULT)),
    Pair(
        "dead-inhibition",
        (
            OK,
            DEFAULT + "  inhibitions:\n    - {source: {severities: [critical]}, "
            "target: {severities: [warning]}, equal: [alertname]}\n",
        ),
        "{source",
        "never silence",
        (
            alerts(backlog("apm_queue_depth", "5"), more="critical: {above: 50}"),
            DEFAULT + "  inhibitions:\n    - "
            "{source: {severities: [critical]}, target: {severities: [warning]}, equal: [alertname]}\n",
        ),
    ),
    Pair(
        "duplicate-alert",
        (OK, alerts(backlog("apm_queue_depth", "9"), group="more"), DEFAULT),
        "Some",
        "already",
        (OK, alerts(backlog("apm_queue_depth", "9"), group="more", name="Other"), DEFAULT),
    ),
    Pair("duplicate-alert", (DEFAULT, DEFAULT.replace("chat", "mail")), "mail", "already", (DEFAULT,)),
    Pair(
        "duplicate-metric",
        (METRICS, METRICS.replace("jobs", "again")),
        "job_last_success",
        "declared already",
        (METRICS,),
    ),
    Pair(
        "duplicate-metric",
        (METRICS.replace("job_last_success", "apm_store_up"),),
        "apm_store_up",
        "by the runtime",
        (METRICS,),
    ),
    Pair(
        "alert-threshold",
        (alerts(backlog("apm_queue_oldest_seconds", "600")), DEFAULT),
        "600",
        "write 600s",
        (alerts(backlog("apm_queue_oldest_seconds", "600s")), DEFAULT),
    ),
    Pair(
        "alert-threshold", (alerts(backlog("apm_queue_depth", "10m")), DEFAULT), "10m", "is no duration", (OK, DEFAULT)
    ),
    Pair(
        "alert-threshold",
        (alerts("latency: {histogram: apm_store_operation_duration_seconds, above: 5s}"), DEFAULT),
        "5s",
        "no bucket above 5 seconds",
        (alerts("latency: {histogram: apm_store_operation_duration_seconds, above: 4s}"), DEFAULT),
    ),
    Pair(
        "alert-threshold",
        (alerts("freshness: {metric: apm_queue_depth, above: 1h}"), DEFAULT),
        "apm_queue_depth",
        "no time of day",
        (alerts("freshness: {metric: job_last_success, above: 1h}"), METRICS, DEFAULT),
    ),
    Pair(
        "alert-threshold",
        (alerts("increase: {counter: apm_dead_letters_total, over: 5m}", more="for: 5m"), DEFAULT),
        "{counter",
        "gone from the window",
        (alerts("increase: {counter: apm_dead_letters_total, over: 15m}", more="for: 5m"), DEFAULT),
    ),
    Pair(
        "alert-threshold",
        (alerts(backlog("apm_queue_depth", "50"), more="critical: {above: 5}"), DEFAULT),
        "5}",
        "not above the first",
        (alerts(backlog("apm_queue_depth", "5"), more="critical: {above: 50}"), DEFAULT),
    ),
    Pair(
        "alert-untested",
        (promql('max(apm_store_up{namespace="$namespace"}) < 1', tests=[True]), DEFAULT),
        "Some",
        "no test in which it is silent",
        (promql('max(apm_store_up{namespace="$namespace"}) < 1'), DEFAULT),
    ),
    Pair(
        "alert-label",
        (alerts(backlog("apm_queue_depth", "5"), more='summary: "In {{ $labels.queue }}"'), DEFAULT),
        '"In {{',
        'gives no label "queue"',
        (alerts(backlog("apm_queue_depth", "5", ", by: [queue]"), more='summary: "In {{ $labels.queue }}"'), DEFAULT),
    ),
    Pair(
        "dashboard-uid",
        (dashboard("metric: apm_queue_depth", uid="x"), dashboard("metric: apm_queue_depth", name="x")),
        "x}",
        'the uid "x" is taken',
        (dashboard("metric: apm_queue_depth"), dashboard("metric: apm_queue_depth", name="two")),
    ),
    Pair(
        "dashboard-reference",
        (OK, DEFAULT, dashboard("alert: Som")),
        "Som",
        'did you mean "Some"',
        (OK, DEFAULT, dashboard("alert: Some")),
    ),
    Pair(
        "dashboard-reference",
        (
            dashboard(
                'unit: seconds, queries: [{promql: \'max(apm_queue_depth{namespace="$namespace",queue=~"$queu"})\'}]',
                variables="{name: queue, metric: apm_queue_depth, label: queue}",
            ),
        ),
        "'max",
        'no variable "queu"',
        (
            dashboard(
                'unit: seconds, queries: [{promql: \'max(apm_queue_depth{namespace="$namespace",queue=~"$queue"})\'}]',
                variables="{name: queue, metric: apm_queue_depth, label: queue}",
            ),
        ),
    ),
    Pair(
        "dashboard-reference",
        (dashboard("metric: apm_queue_depth", variables="{name: q, metric: apm_queue_depth, label: queu}"),),
        "queu}",
        "has no label",
        (dashboard("metric: apm_queue_depth", variables="{name: q, metric: apm_queue_depth, label: queue}"),),
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.code}-{pair.says[:20].replace(' ', '-')}")
def test_refuses_the_bad_and_takes_the_good(pair: Pair, tmp_path: Path) -> None:
    found = [p for p in problems(tmp_path / "bad", *pair.bad) if p.code == pair.code]
    assert len(found) == 1, found
    assert pair.says in f"{found[0].message} {found[0].hint}"
    place = found[0].place
    line = (tmp_path / "bad" / place.file).read_text().splitlines(keepends=True)[place.line - 1]
    assert line[place.column - 1 :].startswith(pair.points_at), line[place.column - 1 :]
    assert not problems(tmp_path / "good", *pair.good)


def test_the_underlined_part_is_the_name(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, promql('sum(apm_queue_dept{namespace="$namespace"}) > 5'), DEFAULT)
    assert found.place.length == len("apm_queue_dept")


def test_environments_with_one_grafana_need_different_uids(tmp_path: Path) -> None:
    test = BASE[BASE.rindex("apiVersion") :].replace("live", "test").replace("namespace: shop", "namespace: shop-test")
    found = problems(tmp_path / "bad", dashboard("metric: apm_queue_depth"), test)
    assert [p.code for p in found] == ["dashboard-uid"]
    assert "one-test" in found[0].hint
    overlay = test.replace("urls:", "overlay: {Dashboard: {one: {uid: one-test}}}, urls:")
    assert not problems(tmp_path / "good", dashboard("metric: apm_queue_depth"), overlay)


def test_a_broken_spec_is_not_blamed_on_those_that_name_it(tmp_path: Path) -> None:
    broken = METRICS.replace("type: gauge", "type: guage")
    found = problems(tmp_path, broken, alerts("freshness: {metric: job_last_success, above: 1h}"), DEFAULT)
    assert [p.code for p in found] == ["not-allowed"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (alerts("for: 5m"), "no-condition"),
        (alerts(backlog("apm_queue_depth", "5"), more="increase: {counter: apm_dead_letters_total}"), "two-conditions"),
        (alerts(backlog("apm_queue_depth", "5"), name="not_camel"), "alert-name"),
        (alerts(ratio("apm_runs_total", "0.1")), "percentage-form"),
        (alerts(ratio("apm_runs_total", "120%")), "percentage-form"),
        (alerts(backlog("apm_queue_depth", "5"), severity="critical", more="critical: {above: 9}"), "second-threshold"),
        (
            alerts(ratio("apm_runs_total", "1%"), more="critical: {above: 9}"),
            "second-threshold",
        ),
        (dashboard("metric: apm_queue_depth, alert: Some"), "one-source"),
        (dashboard("queries: [{promql: 'vector(1)'}]"), "unit-missing"),
        (DEFAULT.replace("all:", "nobody:"), "receiver-name"),
        (re.sub(r"slack: \{[^}]*\}", "titles: {firing: x}", DEFAULT), "receiver-empty"),
        (METRICS.replace("job_last_success", "job-last-success"), "metric-name"),
        (DEFAULT.replace("slack/url", '"https://hooks.slack.example/services/x"'), "secret-ref"),
    ],
)
def test_what_a_single_spec_must_not_say(text: str, code: str, tmp_path: Path) -> None:
    assert code in [p.code for p in problems(tmp_path, text)]
