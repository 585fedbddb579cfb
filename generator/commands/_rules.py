"""`apm test --rules`: the cases of all alerts, run by promtool against the rules as they are rendered."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.commands._common import Terminal

if TYPE_CHECKING:
    from generator.model import Project


def run_rules(terminal: Terminal, promtool: Path | None) -> bool:
    """Run the cases of every alert in every environment, print a line for each alert, and return whether all hold."""
    from generator import pipeline
    from generator.cluster.k8s import here
    from generator.problems import Failure

    program = promtool or shutil.which("promtool")
    if program is None:
        raise Failure("there is no promtool", "install Prometheus' promtool, or name it with --promtool")
    start, failed, count = time.monotonic(), 0, 0
    for environment, built in sorted(pipeline.build_all(terminal.root).environments.items()):
        if not here(built.project).spec.deployed:
            continue
        for name, complaint in _verdicts(Path(program), built.project, built.files):
            count += 1
            failed += bool(complaint)
            click.echo(f"{'FAIL' if complaint else 'ok  '}  {environment}: {name}")
            for line in complaint.splitlines():
                click.echo(f"        {line}")
    click.echo(f"{count - failed} alerts hold, {failed} do not, in {time.monotonic() - start:.1f} s")
    return not failed


def _verdicts(promtool: Path, project: "Project", files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the name of each alert with what promtool complains about."""
    from generator.cluster.k8s import here
    from generator.kinds.metrics import Metrics, own
    from generator.kinds.runtime import Runtime
    from generator.monitoring.common import alerts
    from generator.monitoring.rule_tests import by_step, rules_of, run

    families = {f.name: f for f in (*own(), *(f for metrics in project.all(Metrics) for f in metrics.families))}
    groups = list(_groups(files))
    for _, alert in alerts(project):
        cases = list(alert.prove(families, lambda name: project.get(Runtime, name)))
        tests = by_step(cases, alert.name, here(project).namespace)
        with tempfile.TemporaryDirectory() as folder:
            yield alert.name, run(promtool, rules_of(groups, alert.name, cases), tests, Path(folder))


def _groups(files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    import yaml

    for path, data in files.items():
        found = yaml.safe_load_all(data) if "/monitoring/" in path else ()
        rules = (one for one in found if one and one["kind"] == "PrometheusRule")
        yield from (group for one in rules for group in one["spec"]["groups"])
