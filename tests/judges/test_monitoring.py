"""pint reads the rules; Grafana's linter and Grafana's own types read the dashboards."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.judges.verdicts import Finding, judged
from tests.rigs.rendered import Item
from tests.rigs.tools import tool

MANIFESTS = 'parser { relaxed = [".*"] }'
"""pint's settings for rules that stand in Kubernetes objects."""
RULES = re.compile(r"^## `(\S+)`", re.MULTILINE)
COMPILER: Mapping[str, Any] = {
    "strict": True, "noEmit": True, "skipLibCheck": True, "resolveJsonModule": True, "moduleResolution": "bundler",
    "module": "esnext", "target": "es2022", "types": [],
}  # fmt: skip


def test_pint_knows_nothing_better(items: list[Item], tmp_path: Path) -> None:
    (tmp_path / "pint.hcl").write_text(MANIFESTS)
    files = [item.file for item in items if item.kind == "PrometheusRule"]
    options = ["--offline", "--config", tmp_path / "pint.hcl", "--log-level", "error"]
    report = tmp_path / "report.json"
    command = [tool("pint"), *options, "lint", "--min-severity", "info", "--json", report, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = {str(file): file.read_text().splitlines() for file in files}
    said: list[Any] = json.loads(report.read_text())
    judged("pint", [Finding(one["reporter"], _rule_at(lines[one["path"]], one), one["problem"]) for one in said])


def _rule_at(lines: list[str], said: Mapping[str, Any]) -> str:
    """Return the name of the rule that a line belongs to, and its file."""
    above = lines[: said["lines"][0]]
    name = next((line.split(":", 1)[1] for line in reversed(above) if re.match(r"\s+- (alert|record):", line)), "")
    return f"{said['path']}:{name}"


def test_grafanas_linter_knows_nothing_better(dashboards: Mapping[Path, Any], tmp_path: Path) -> None:
    judged("dashboard-linter", [finding for file in dashboards for finding in _linted(file, tmp_path)])


def _linted(file: Path, folder: Path) -> list[Finding]:
    """Ask the linter once for each of its rules: what it says does not name the rule."""
    listed = subprocess.run([tool("dashboard-linter"), "rules"], capture_output=True, text=True, check=True).stdout
    rules = re.findall(r"`([\w-]+)`", listed)
    assert len(rules) > 10, listed
    found: list[Finding] = []
    for rule in rules:
        others = "".join(f"  {other}:\n    reason: not asked now\n" for other in rules if other != rule)
        config = folder / f"{rule}.yaml"
        config.write_text(f"exclusions:\n{others}")
        command = [tool("dashboard-linter"), "lint", "--strict", "--config", config, file]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = re.findall(r"\[(?:❌|⚠️)\] (.*)", said.stdout + said.stderr)
        assert bool(lines) == bool(said.returncode), said.stdout + said.stderr
        found += [Finding(rule, file.stem, line) for line in lines]
    return found


def test_dashboards_have_the_types_of_grafana(dashboards: Mapping[Path, Any], tmp_path: Path) -> None:
    said = _compiled(dashboards.values(), tmp_path)
    assert not said, said


def test_the_compiler_refuses_a_dashboard_of_another_form(dashboards: Mapping[Path, Any], tmp_path: Path) -> None:
    broken = {**next(iter(dashboards.values())), "graphTooltip": "often"}
    assert "DashboardCursorSync" in _compiled([broken], tmp_path)


def _compiled(dashboards: Any, folder: Path) -> str:
    """Return what the compiler says of dashboards as values of Grafana's type."""
    compiler = tool("tsc")
    (folder / "node_modules").symlink_to(compiler.resolve().parent.parent / "node_modules")
    types = Path(__file__).with_name("dashboard.ts").read_text()
    (folder / "dashboards.ts").write_text(types.replace("VALUES;", f"{json.dumps(list(dashboards))};"))
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER, "files": ["dashboards.ts"]}))
    done = subprocess.run([compiler, "--project", folder], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
