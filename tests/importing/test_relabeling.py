"""A series is called dropped where a reader misses it, and not where another target gives it."""

from generator.importing.manifests import Found, Manifest
from generator.importing.reading import parsed
from generator.importing.run import defects_of
from generator.problems import Problem

MONITOR = """
apiVersion: monitoring.coreos.com/v1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  {endpoints}:
    - port: http
      metricRelabelings: {relabelings}
"""
KEEP_OWN = "[{sourceLabels: [__name__], regex: agents_.*, action: Keep}]"
DROP_GO = "[{sourceLabels: [__name__], regex: go_.*, action: drop}]"


def monitor(name: str, relabelings: str = "[]", kind: str = "ServiceMonitor") -> str:
    endpoints = "endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"
    return MONITOR.format(kind=kind, name=name, endpoints=endpoints, relabelings=relabelings)


def alert(expr: str) -> str:
    return f"groups: [{{name: g, rules: [{{alert: A, expr: '{expr} > 1', for: 5m}}]}}]\n"


def scrape(job: str, relabelings: str = "[]") -> str:
    return (
        f"scrape_configs: [{{job_name: {job}, metric_relabel_configs: {relabelings},"
        " static_configs: [{targets: ['x:80']}]}]\n"
    )


def dropped(*texts: str) -> list[str]:
    problems: list[Problem] = []
    unread: list[Problem] = []
    manifests: list[Manifest] = []
    for index, text in enumerate(texts):
        manifests += parsed(f"{index}.yaml", text.encode(), problems, unread)
    assert not problems
    found = Found(tuple(manifests), (), tuple(f"{i}.yaml" for i in range(len(texts))), ())
    return [f"{p.place.file}: {p.message.rpartition(': ')[2]}" for p in defects_of(found) if p.code == "dropped-series"]


def test_what_is_read_and_kept_by_no_target_is_named() -> None:
    assert dropped(monitor("agents", KEEP_OWN), alert("queue_length")) == ["0.yaml: queue_length"]
    assert dropped(monitor("agents", KEEP_OWN), alert("agents_queue")) == []
    assert dropped(monitor("agents", DROP_GO), alert("go_threads")) == ["0.yaml: go_threads"]


def test_what_another_target_gives_is_not_named() -> None:
    assert dropped(monitor("agents", KEEP_OWN), monitor("rabbit"), alert("queue_length")) == []
    assert dropped(monitor("agents", KEEP_OWN), monitor("rabbit", kind="PodMonitor"), alert("queue_length")) == []
    assert dropped(monitor("agents", KEEP_OWN), scrape("rabbit"), alert("queue_length")) == []


def test_another_target_that_drops_it_too_gives_nothing() -> None:
    both = dropped(monitor("agents", KEEP_OWN), monitor("web", KEEP_OWN), alert("queue_length"))
    assert both == ["0.yaml: queue_length", "1.yaml: queue_length"]


def test_a_reader_that_names_the_job_means_this_target() -> None:
    files = monitor("agents", KEEP_OWN), monitor("rabbit")
    assert dropped(*files, alert('queue_length{job="agents"}')) == ["0.yaml: queue_length"]
    assert dropped(*files, alert('queue_length{job=~"agents|web"}')) == ["0.yaml: queue_length"]
    assert dropped(*files, alert('queue_length{job="rabbit"}')) == []
    assert dropped(*files, alert('queue_length{job!="agents"}')) == []


def test_what_the_cluster_itself_exports_comes_from_elsewhere() -> None:
    for metric in ("container_memory_usage_bytes", "kube_pod_info", "node_load1", "up"):
        assert dropped(monitor("agents", KEEP_OWN), alert(metric)) == []


def test_jobs_of_a_configuration_of_prometheus_are_looked_at_too() -> None:
    keep = "[{source_labels: [__name__], regex: agents_.*, action: keep}]"
    assert dropped(scrape("agents", keep), alert("queue_length")) == ["0.yaml: queue_length"]
    assert dropped(scrape("agents", "[{source_labels: [pod], regex: x, action: keep}]"), alert("queue_length")) == []
