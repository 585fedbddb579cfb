"""What single objects become, field by field, and what the report says of the rest."""

import json
from pathlib import Path

import pytest

from generator.importing import reports
from generator.importing.run import Imported, Wanted, write
from generator.problems import Failure
from generator.rules import secrecy
from tests.cli.conftest import call
from tests.importing.conftest import OLD, lift

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: agents, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: agents}}
  template:
    metadata: {labels: {app: agents}}
    spec:
      terminationGracePeriodSeconds: 90
      imagePullSecrets: [{name: pull}]
      containers:
        - name: main
          image: registry.example.com/shop/agents:1.0
          env:
            - {name: MONGO_URL, valueFrom: {secretKeyRef: {name: mongo, key: url}}}
            - {name: MONGO_DB, value: shop}
            - {name: API_PASSWORD, value: hunter2-hunter2}
"""
SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: agents, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: agents}
  minReplicas: 2
  maxReplicas: 9  # the database takes no more
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 55}}}]
"""
QUEUE = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: queue}
spec:
  groups:
    - name: queue
      rules: [{alert: QueueIsLong, expr: shop_queue > 100, labels: {severity: critical}}]
"""
STOCK = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: stock}
spec:
  groups:
    - name: stock
      rules:
        - {alert: StockIsLow, expr: shop_stock < 5, labels: {severity: critical}}
        - {alert: QueueIsFull, expr: shop_queue > 900, labels: {severity: critical}}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: agents, namespace: shop}
spec:
  podSelector: {matchLabels: {app: agents}}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}
          podSelector: {matchLabels: {app: frontend}}
"""


def test_an_autoscaler_is_rendered_back(out: Path) -> None:
    result = lift(DEPLOYMENT, SCALER, out=out)
    (scaler,) = [p for p in result.proof.proven if p.manifest.kind == "HorizontalPodAutoscaler"]
    lost = {row.path: row.verdict for row in scaler.rows}
    assert lost == {"spec.scaleTargetRef.name": "differs"}
    assert "# the database takes no more\n    replicas:" in result.files["specs/runtime-agents.yaml"]


def test_a_deployment_gives_its_database_grace_and_registry(out: Path) -> None:
    drafts = lift(DEPLOYMENT, out=out).drafts.drafts
    assert drafts["Runtime", "agents"].spec["grace"] == "90s"
    assert drafts["StateStore", "main"].spec["database"] == "shop"
    assert drafts["Environment", "production"].spec["registry"] == "registry.example.com/shop"
    assert drafts["Environment", "production"].spec["pullSecrets"] == ["pull"]


def test_callers_come_from_the_network_policy(out: Path) -> None:
    environment = lift(DEPLOYMENT, POLICY, out=out).drafts.drafts["Environment", "production"].spec
    assert environment["ingress"] == [{"namespace": "web", "labels": {"app": "frontend"}}]


def test_a_deployment_is_agents_only_when_it_says_so_or_people_do(out: Path) -> None:
    plain = DEPLOYMENT.replace("MONGO_URL", "URL").replace("MONGO_DB", "DB")
    assert not lift(plain, out=out).drafts.all("Runtime")
    named = lift(plain, out=out, wanted=Wanted(out, runtimes=frozenset({"agents"})))
    assert [draft.name for draft in named.drafts.all("Runtime")] == ["agents"]


def test_no_report_shows_a_credential(out: Path) -> None:
    result = lift(DEPLOYMENT, out=out)
    assert "plaintext-secret" in {p.code for p in result.defects}
    shown = (reports.text(result, [], verbose=True), reports.markdown(result, []), reports.as_json(result, []))
    assert all("hunter2" not in text for text in (*shown, *result.files.values()))


def test_what_is_there_is_not_overwritten(out: Path) -> None:
    write(lift(DEPLOYMENT, out=out), out)
    with pytest.raises(Failure, match="already has"):
        lift(DEPLOYMENT, out=out)
    assert lift(DEPLOYMENT, out=out, wanted=Wanted(out, overwrite=True)).kept == (
        "System agents", "Team platform", "Environment production")  # fmt: skip


def test_a_second_import_adds_to_the_first(out: Path) -> None:
    """Metrics that are declared stay as people have left them, runbooks too; what is new is declared beside them."""
    write(lift(QUEUE, out=out), out)
    metrics, runbook = out / "specs/monitoring/metrics-imported.yaml", out / "specs/monitoring/runbooks/QueueIsLong.md"
    metrics.write_text(metrics.read_text().replace("Read by what was imported as", "Orders that wait, read as"))
    runbook.write_text("# Add workers.\n")
    before = {path: path.read_text() for path in (out / "specs").rglob("*.*")}
    result = lift(STOCK, out=out)
    write(result, out)
    assert result.proof.renders
    assert {path: path.read_text() for path in before} == before
    added = (out / "specs/monitoring/metrics-imported-2.yaml").read_text()
    assert "shop_stock:" in added
    assert "shop_queue" not in added


def test_what_is_written_over_is_told(out: Path) -> None:
    write(lift(QUEUE, out=out), out)
    again = lift(QUEUE.replace("> 100", "> 200"), out=out, wanted=Wanted(out, overwrite=True))
    assert again.replaced == ("specs/monitoring/alerts-queue.yaml",)
    assert "Written over what was there\n  specs/monitoring/alerts-queue.yaml" in reports.text(again, [], verbose=False)


def test_the_command_writes_specs_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(DEPLOYMENT)
    done = call(tmp_path, "import", "agents.yaml", "--out", "new", "--format", "json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["renders"] is True
    assert {d["path"] for d in said["decide"]} >= {"spec.image", "spec.workflows", "spec.apiKeys"}
    assert call(tmp_path / "new", "validate").code == 0
    assert call(tmp_path / "new", "render").code == 0
    again = call(tmp_path, "import", "agents.yaml", "--out", "new")
    assert again.code == 1
    assert "say --overwrite" in again.err


def test_the_command_without_out_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(DEPLOYMENT)
    done = call(tmp_path, "import", "agents.yaml")
    assert done.code == 0
    assert done.out.startswith("1 file, 1 object: 1 expressed, ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["agents.yaml"]


def test_the_command_wants_files(tmp_path: Path) -> None:
    assert call(tmp_path, "import").code == 2


def test_a_runtime_that_there_is_not_is_told(tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(DEPLOYMENT)
    done = call(tmp_path, "import", "agents.yaml", "--runtime", "agent")
    assert done.code == 1
    assert 'no Deployment is called "agent"' in done.err
    assert 'did you mean "agents"?' in done.err


def test_nothing_is_not_called_valid(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text(" ")
    done = call(tmp_path, "import", "empty.yaml")
    assert done.out.startswith("1 file: nothing in it can be imported.\n")


def test_alerts_without_notifications_leave_it_to_people_who_is_told(out: Path) -> None:
    result = lift(QUEUE, out=out)
    assert result.proof.renders
    assert ("Notifications notifications", "spec.receivers.alerts") in {(a.spec, a.path) for a in result.drafts.assumed}


def test_markdown_begins_with_what_is_to_be_decided(tmp_path: Path) -> None:
    done = call(tmp_path, "import", str(OLD), "--format", "markdown")
    assert done.code == 0
    assert done.out.startswith("# Import\n\n66 files, 78 objects")
    assert done.out.index("## To decide") < done.out.index("## Defects") < done.out.index("## Rendered back")


def test_defects_are_told_by_subject_with_what_to_do(old: Imported) -> None:
    """Rights and lost backups before panels; one line says what to do, and a few places stand for all of a kind."""
    text = reports.text(old, [], verbose=False)
    titles = [title for title, _ in reports.by_subject(old.defects)]
    assert titles[:2] == ["Rights that are too wide, and credentials", "Backups that can't be relied on"]
    assert titles[-1] == "Panels that show nothing"
    hints = [line for line in text.splitlines() if line.strip().startswith("mutable-image (")]
    assert hints == ["    mutable-image (6): name a digest"]
    assert text.count("is another image every day") == 2
    assert "      and 4 more (-v shows all)" in text
    assert reports.text(old, [], verbose=True).count("is another image every day") == 6


def test_every_defect_is_in_a_report_once(old: Imported) -> None:
    told = [p for _, groups in reports.by_subject(old.defects) for found in groups.values() for p in found]
    assert sorted(told) == sorted(old.defects)
    markdown = reports.markdown(old, [])
    assert all(markdown.count(f"  - `{p.place}` {secrecy.mask(p.message)}") >= 1 for p in old.defects)


def test_the_report_is_short_enough_to_be_read(old: Imported) -> None:
    """Of 66 files: what to decide comes first, then what is wrong, then the proof."""
    text = reports.text(old, [], verbose=False)
    assert text.index("To decide") < text.index("Defects that were seen") < text.index("Rendered back")
    assert len(text.splitlines()) < 370
    assert "3 objects: another program's job" in text
