"""Takes out of drafts what apm would refuse, so that the specs render; the report says what was taken out, and why.

Rules for the cluster, and panels of its nodes, are often in one file with what concerns the agents. An alert that can't
be confined to one namespace is no alert of an environment; one refused line would keep all the others from being used.
"""

import datetime as dt
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from generator.importing import metrics
from generator.importing.drafts import Draft, Drafts
from generator.importing.writing import files, path_of
from generator.pipeline import build_all
from generator.problems import Problem, Rejected
from generator.rules.clock import today

_ROUNDS = 8
"""One refusal can hide another: a variable is taken out, then the panels that use it."""
_PATIENCE = dt.timedelta(days=90)
"""How long imported alerts may go without tests."""
_ALERT = re.compile(r"spec\.alerts\.(\w+)(\.description)?")
_PANEL = re.compile(r"spec\.rows\[(\d+)\]\.panels\[(\d+)\]")
_VARIABLE = re.compile(r"spec\.variables\[(\d+)\]")


def settle(drafts: Drafts, existing: Path | None, scratch: Path) -> dict[str, str]:
    """Return the files of the drafts, after what is refused was taken out; `scratch` holds them, and those that are
    there already."""
    for folder in ("specs", "policies"):
        if existing and (existing / folder).is_dir():
            shutil.copytree(existing / folder, scratch / folder, dirs_exist_ok=True)
    environments = {drafts.environment, *(name for kind, name in drafts.there if kind == "Environment")}
    written: dict[str, str] = {}
    for _ in range(_ROUNDS):
        written = _write(drafts, written, scratch)
        if not _taken_out(drafts, _refusals(scratch), sorted(environments)):
            break
        metrics.declare(drafts)
    return written


def _write(drafts: Drafts, before: Mapping[str, str], scratch: Path) -> dict[str, str]:
    made = files(drafts)
    for path in before.keys() - made.keys():
        (scratch / path).unlink()
    for path, content in made.items():
        if before.get(path) != content:
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).write_text(content)
    return made


def _refusals(root: Path) -> tuple[Problem, ...]:
    try:
        build_all(root)
    except Rejected as rejected:
        return tuple(p for p in rejected.problems if p.severity == "error")
    return ()


def _taken_out(drafts: Drafts, refusals: Iterable[Problem], environments: Iterable[str]) -> bool:
    """Change the drafts that refusals are about; return whether there were any."""
    by_path = {path_of(draft): draft for draft in drafts.drafts.values()}
    changed = False
    panels: dict[str, dict[tuple[int, int], str]] = {}
    for problem in refusals:
        draft = by_path.get(problem.place.file)
        if draft is None:
            continue
        if draft.kind == "Alerts" and problem.code == "alert-untested":
            changed |= _wait(drafts, draft, environments)
        elif draft.kind == "Alerts" and (alert := _ALERT.match(problem.path)):
            changed |= _without_alert(drafts, draft, alert, problem.message)
        elif draft.kind == "Dashboard" and (panel := _PANEL.match(problem.path)):
            panels.setdefault(draft.name, {})[int(panel[1]), int(panel[2])] = problem.message
        elif draft.kind == "Dashboard" and (variable := _VARIABLE.match(problem.path)):
            changed |= _without_variable(draft, int(variable[1]))
    for name, refused in panels.items():
        _without_panels(drafts, drafts.drafts["Dashboard", name], refused)
    return changed or bool(panels)


def _wait(drafts: Drafts, draft: Draft, environments: Iterable[str]) -> bool:
    """Give people time for tests that could not be worked out."""
    missing = [name for name in environments if ("Waiver", f"untested-{draft.name}-{name}") not in drafts.drafts]
    for environment in missing:
        drafts.spec("Waiver", f"untested-{draft.name}-{environment}").spec = {
            "rule": "alert-untested",
            "scope": {"kind": draft.kind, "name": draft.name, "environment": environment},
            "reason": "imported alerts; situations in which they fire and are silent are still to be written",
            "owner": drafts.owner,
            "expires": (today() + _PATIENCE).isoformat(),
        }
    return bool(missing)


def _without_alert(drafts: Drafts, draft: Draft, alert: re.Match[str], why: str) -> bool:
    alerts, name = draft.spec["alerts"], alert[1]
    if name not in alerts:
        return False
    if alert[2] and "description" in alerts[name]:
        del alerts[name]["description"]
        drafts.explain(draft, f"{draft.name}.rules.{name}.annotations.description", why)
        return True
    del alerts[name]
    drafts.files.pop(f"runbooks/{name}.md", None)
    drafts.forget(draft.title, f"spec.alerts.{name}")
    drafts.explain(draft, f"{draft.name}.rules.{name}", why)
    if not alerts:
        drafts.drop(draft, why)
    return True


def _without_variable(draft: Draft, index: int) -> bool:
    variables = draft.spec["variables"]
    if index >= len(variables):
        return False
    del variables[index]
    if not variables:
        del draft.spec["variables"]
    return True


def _without_panels(drafts: Drafts, draft: Draft, refused: Mapping[tuple[int, int], str]) -> None:
    for (row, index), why in refused.items():
        drafts.explain(draft, f"panels.{draft.spec['rows'][row]['panels'][index]['title']}", why)
    rows = [
        {**row, "panels": [p for j, p in enumerate(row["panels"]) if (i, j) not in refused]}
        for i, row in enumerate(draft.spec["rows"])
    ]
    draft.spec["rows"] = [row for row in rows if row["panels"]]
    if not draft.spec["rows"]:
        drafts.drop(draft, next(iter(refused.values())))
