"""`apm test --rules` with the real promtool: rules that hold, and one whose own test says otherwise."""

import shutil
from pathlib import Path

from tests.cli.conftest import call
from tests.conformance.cases import repository
from tests.rigs.tools import tool

SPECS = """\
apiVersion: apm/v1
kind: Notifications
metadata: {name: shop}
spec:
  receivers: {chat: {slack: {channel: "#shop", webhook: slack/webhook}}}
  default: chat
---
apiVersion: apm/v1
kind: Alerts
metadata: {name: case}
spec:
  alerts:
    QueueLong:
      backlog: {metric: apm_queue_depth, above: 100}
      severity: warning
      summary: Runs pile up
      runbook: runbooks/help.md
    StoreDown:
      promql: 'max(apm_store_up{namespace="$namespace"}) < 1'
      severity: critical
      summary: The store is away
      runbook: runbooks/help.md
      tests:
        - {name: down, series: {'apm_store_up{namespace="$namespace"}': '0x20'}, at: 15m, fires: true}
        - {name: up, series: {'apm_store_up{namespace="$namespace"}': '1x20'}, at: 15m, fires: false}
"""


def _repository(root: Path, specs: str) -> Path:
    repository(root)
    (root / "specs/case.yaml").write_text(specs)
    shutil.rmtree(root / "policies", ignore_errors=True)
    return root


def test_alerts_that_hold(tmp_path: Path) -> None:
    done = call(_repository(tmp_path, SPECS), "test", "--promtool", str(tool("promtool")))
    assert done.code == 0, done.out + done.err
    assert done.out.splitlines()[:2] == ["ok    live: QueueLong", "ok    live: StoreDown"]
    assert "2 alerts hold, 0 do not" in done.out


def test_an_alert_that_does_not_do_what_its_tests_say(tmp_path: Path) -> None:
    wrong = SPECS.replace("< 1'", "< 0'")
    done = call(_repository(tmp_path, wrong), "test", "--promtool", str(tool("promtool")))
    assert done.code == 1
    assert "FAIL  live: StoreDown" in done.out
    assert "time: 15m" in done.out
