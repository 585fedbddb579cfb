"""What is wrong in specs never ends a command that shows them: every case of every check is drawn and explained."""

from pathlib import Path

import pytest

from generator.commands._common import Terminal
from generator.commands._reading import readable, sound
from generator.model import Catalogue
from generator.monitoring.common import alerts
from generator.monitoring.way import lines as way
from generator.pipeline import KINDS
from generator.provenance.effects import effects
from generator.resolve import resolve
from generator.workflows import diagrams, estimates, system
from generator.workflows.svg import svg
from tests.conformance.cases import repository
from tests.conformance.test_checks import FAILING


@pytest.mark.parametrize("case", FAILING, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_what_a_check_refuses_is_drawn_and_explained(case: Path, tmp_path: Path) -> None:
    root = repository(tmp_path, case)
    terminal = Terminal(root, quiet=True, verbose=0, color=False)
    specs = readable(terminal)
    _workflows(specs.written)
    resolved = sound(terminal, specs)
    for view in resolved.views:
        _resolved(view)
    file = min((spec.document.file for spec in resolved.written.specs), default="")
    assert not file or list(effects(root, f"{file}:1", resolved.written))


def _workflows(written: Catalogue) -> None:
    assert written.all("Workflow")
    for workflow in written.all("Workflow"):
        drawing = diagrams.diagram(workflow.spec.steps)
        ends = {end for edge in drawing.edges for end in (edge.source, edge.target)}
        assert ends <= {node.id for node in drawing.nodes}
        assert all((svg(drawing), diagrams.mermaid(drawing), diagrams.dot(drawing, workflow.name)))
        assert list(estimates.lines(written, workflow))
    assert system.system(written).nodes


def _resolved(view: Catalogue) -> None:
    project = resolve(view, KINDS)
    assert len(list(project)) == len({(spec.kind, spec.name) for spec in view.specs})
    if view.find("Environment", str(view.environment)):
        assert all(list(way(project, alert.name)) for _, alert in alerts(project))
