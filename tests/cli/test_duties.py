"""`apm duties` and `apm explain alert`: what is due, that it was done, and whom an alert reaches."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Result, call

SPECS = """\
apiVersion: apm/v1
kind: Maintenance
metadata: {name: access-review}
spec:
  schedule: {cron: "0 9 1 */3 *", timeZone: Europe/Berlin}
  lastDone: "2024-01-05"  # by hand
  summary: "The review of {{ $labels.environment }} is overdue"
  instructions: review.md
---
apiVersion: apm/v1
kind: Notifications
metadata: {name: chat}
spec:
  receivers:
    chat: {slack: {channel: "#shop", webhook: slack/url}, titles: {firing: "[!]"}}
  routes: [{severities: [warning], receiver: chat, groupWait: 10s}]
  default: nobody
  inhibitions: [{source: {severities: [warning]}, target: {alerts: [AccessReviewOverdue]}, equal: [namespace]}]
"""


@pytest.fixture
def repository(initialised: Path, tmp_path: Path) -> Path:
    """The small repository with a duty and somebody who is told."""
    root = tmp_path / "repository"
    shutil.copytree(initialised, root)
    (root / "specs/duties.yaml").write_text(SPECS.replace("  inhibitions", "  # inhibitions"))
    (root / "specs/review.md").write_text("Look at who has access.\n")
    return root


def test_duties_are_listed_with_when_they_are_due(repository: Path) -> None:
    listed = call(repository, "duties")
    assert listed.code == 1, "it is overdue"
    assert listed.out.split()[:4] == ["access-review", "overdue", "due", "2024-04-01,"]


def test_done_is_written_into_the_spec_and_nothing_else(repository: Path) -> None:
    before = (repository / "specs/duties.yaml").read_text()
    done = call(repository, "duties", "done", "access-review", "--on", "2026-02-03")
    assert done.code == 0, done.err
    assert "due again on 2026-04-01" in done.err
    after = (repository / "specs/duties.yaml").read_text()
    assert after == before.replace('"2024-01-05"', '"2026-02-03"')


def _rule(repository: Path) -> str:
    assert call(repository, "render").code == 0
    return (repository / "rendered/production/monitoring/maintenance.access-review.yaml").read_text()


def test_what_is_rendered_counts_from_the_next_time(repository: Path) -> None:
    """09:00 in Berlin is 07:00 UTC in summer."""
    assert "vector(1711954800)" in _rule(repository)
    call(repository, "duties", "done", "access-review", "--on", "2026-04-01")
    assert "vector(1782889200)" in _rule(repository)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["access-reviw"], 'there is no duty "access-reviw"'),
        (["access-review", "--on", "2124-01-01"], "2124-01-01 has not come yet"),
        (["access-review", "--on", "2023-01-01"], "was done later than that already, on 2024-01-05"),
    ],
)
def test_what_can_not_have_been_done_is_refused(repository: Path, arguments: list[str], message: str) -> None:
    before = (repository / "specs/duties.yaml").read_text()
    refused = call(repository, "duties", "done", *arguments)
    assert refused.code == 1
    assert message in refused.err
    assert (repository / "specs/duties.yaml").read_text() == before


def _way(repository: Path) -> Result:
    return call(repository, "explain", "alert", "AccessReviewOverdue")


def test_an_alert_is_followed_to_the_message(repository: Path) -> None:
    way = _way(repository)
    assert way.code == 0, way.err
    first, *rest = way.out.splitlines()
    assert first.startswith("AccessReviewOverdue: Maintenance access-review (specs/duties.yaml), owner ")
    assert first.endswith("in production")
    assert "reads nothing but the clock" in rest
    assert "warning, when this has held for 0s:" in rest
    told = next(line for line in rest if "->" in line)
    assert told.split("->")[1].strip() == (
        "chat (Slack #shop), 10s after the first of its group (alertname, severity), new ones after 5m, again every 4h"
    )
    assert "       | [!] AccessReviewOverdue (production)" in rest
    assert "       | The review of <environment> is overdue" in rest
    assert any("It was due at 2024-04-01 09:00 (Europe/Berlin), <value> ago." in line for line in rest)


def test_an_alert_is_followed_past_errors_elsewhere(repository: Path) -> None:
    way = _way(repository)
    agent = repository / "specs/agents/greeter.yaml"
    agent.write_text(agent.read_text().replace("model: default", "model: defalt"))
    again = _way(repository)
    assert (again.code, again.out) == (0, way.out)
    assert again.err.startswith("1 error in the specs: ")
    assert "Agent greeter" in again.err


def test_an_unknown_alert_is_named_with_the_nearest(repository: Path) -> None:
    way = call(repository, "explain", "alert", "AccessReviewOverdu")
    assert way.code == 1
    assert 'there is no alert "AccessReviewOverdu"' in way.err
    assert 'did you mean "AccessReviewOverdue"?' in way.err


FAKE = """#!/bin/sh
# A promtool that takes nothing: what it says has to be seen by whoever called.
echo "FAILED: $3"
exit 1
"""


def test_rules_that_do_not_hold_fail_the_command(repository: Path, tmp_path: Path) -> None:
    promtool = tmp_path / "promtool"
    promtool.write_text(FAKE)
    promtool.chmod(0o755)
    tested = call(repository, "test", "--promtool", str(promtool))
    assert tested.code == 1
    assert "FAIL  production: AccessReviewOverdue" in tested.out
    assert "0 alerts hold, 1 do not" in tested.out


def test_without_promtool_it_is_said_how_to_get_it(repository: Path) -> None:
    tested = call(repository, "test", "--rules", env={"PATH": "/nowhere"})
    assert tested.code == 1
    assert "there is no promtool" in tested.err
