"""The hand-written files of the old system come in, and what is wrong with them is named."""

from pathlib import Path

from generator.importing.run import DEFECTS, Imported, write
from generator.pipeline import build_all
from tests.importing.conftest import OLD, lift_files
from tests.rigs.cache import REPOSITORY

EXPECTED = Path(__file__).parent / "old.defects"
"""Every defect that is seen in the old files, as file:line code."""


def _spec(result: Imported, kind: str, name: str) -> dict[str, object]:
    return result.drafts.drafts[kind, name].spec


def test_every_file_is_accounted_for(old: Imported) -> None:
    """Each object is expressed or named with a reason; each file that holds none is named too."""
    proven = {id(p.manifest) for p in old.proof.proven}
    passed = {id(p.manifest) for p in old.drafts.passed}
    backed = {id(m) for m in old.found.manifests}
    assert proven | passed == backed
    assert not proven & passed
    named = {m.file for m in old.found.manifests} | {p.place.file for p in (*old.found.problems, *old.found.unread)}
    assert named == set(old.found.files)
    assert len(old.found.files) > 60


def test_defects_are_seen_where_they_are(old: Imported) -> None:
    seen = [f"{p.place.file}:{p.place.line} {p.code}" for p in old.defects]
    assert seen == EXPECTED.read_text().splitlines()


def test_every_place_has_the_line_that_it_says(old: Imported) -> None:
    """A place is within its file, and at the value that is meant, also inside of ConfigMaps and Secrets."""
    for one in old.proof.proven:
        lines = (OLD.parent / one.manifest.file).read_text().splitlines()
        for row in one.rows:
            assert 1 <= row.place.line <= len(lines)
            assert row.place.column <= len(lines[row.place.line - 1]) + 1
    (templates,) = [p for p in old.defects if p.code == "unmounted-templates"]
    assert (
        (OLD.parent / templates.place.file)
        .read_text()
        .splitlines()[templates.place.line - 1]
        .strip()
        .startswith("- /etc")
    )


def test_the_controller_becomes_a_runtime_with_its_sizes(old: Imported) -> None:
    runtime = _spec(old, "Runtime", "apm-multi-agent")
    amounts = {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}}
    assert runtime["worker"] == {"replicas": {"min": 1, "max": 1}, "resources": amounts}
    assert _spec(old, "StateStore", "main")["connection"]["secret"] == "mongodb-credentials/uri"  # pyright: ignore[reportIndexIssue]


def test_programs_of_others_stay_where_they_are(old: Imported) -> None:
    left = {p.manifest.name for p in old.drafts.passed if p.manifest.kind == "Deployment"}
    assert {"auth-service", "redis", "prometheus"} <= left
    services = _spec(old, "Environment", "production")["services"]
    assert services["auth-service.erp-system.svc"] == {  # pyright: ignore[reportIndexIssue]
        "namespace": "erp-system", "labels": {"app": "auth-service"}, "ports": [8001]}  # fmt: skip


def test_comments_that_mean_something_come_along(old: Imported) -> None:
    texts = old.files
    runtime = texts["specs/runtime-apm-multi-agent.yaml"]
    assert "# one pod only: agents keep their state in memory\n    replicas:" in runtime
    assert "# measured with five pipelines\n      limits:" in runtime
    assert (
        "# the only alert that wakes somebody at night\n    APMSystemDown:"
        in texts["specs/monitoring/alerts-apm-rules.yaml"]
    )
    assert "# at night, when nobody books\n    cron:" in texts["specs/backup-apm-backup.yaml"]
    assert "# made by hand, see the deploy script\n    secret:" in texts["specs/state-store-main.yaml"]


def test_rules_are_rendered_back_word_for_word(old: Imported) -> None:
    (rules,) = [p for p in old.proof.proven if p.manifest.name == "apm-alerts"]
    assert rules.total == 40
    assert [(row.path, row.verdict) for row in rules.rows] == [("apm-rules.rules.APMSystemDown.expr", "differs")]


def test_no_credential_of_a_file_is_written(old: Imported) -> None:
    for content in old.files.values():
        assert "PLACEHOLDER" not in content
        assert "ZXhhbXBsZS" not in content


def test_the_agents_own_files_become_a_repository_that_renders(out: Path) -> None:
    """The one alert whose expression can't be tested waits for people, by a Waiver with an end."""
    backup = [OLD / "backup" / f"backup-{name}.yaml" for name in ("cronjob", "storage")]
    result = lift_files([OLD / "apm-agents", OLD / "monitoring", *backup, OLD / "grafana" / "apm-dashboard.json"], out)
    assert not [p for p in result.proof.problems if p.severity == "error"]
    assert [d.spec["scope"]["name"] for d in result.drafts.all("Waiver")] == ["apm-rules"]
    assert [a.path for a in result.drafts.assumed if a.path.endswith("tests")] == [
        "spec.alerts.AgentHighMemoryUsage.tests"
    ]
    write(result, out)
    built = build_all(out)
    names = {path.split("/")[1] for files in built.files().values() for path in files}
    assert {"runtime", "state", "monitoring", "backup", "policy", "namespace"} <= names


def test_a_page_explains_each_defect(old: Imported) -> None:
    from generator.codes import pages

    assert {p.code for p in old.defects} <= pages({}).keys()
    assert len(DEFECTS) >= 8
    assert (REPOSITORY / "docs" / "import.md").is_file()
