"""Two dashboards would have the same address.

Grafana keeps dashboards by uid: the second one overwrites the first, or is refused. That happens between two
dashboards, and between two environments that share one Grafana.

Fix: give one of them another `uid`; for an environment, in its overlay:
`overlay: {Dashboard: {apm-dashboard: {uid: apm-dashboard-staging}}}`.

Bad: `uid: apm` in two Dashboard specs.

Good: no `uid` at all: then it is the dashboard's name.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the second dashboard of a uid, within the specs and across environments with one Grafana."""
    first: dict[str, Declared] = {}
    for spec in catalogue.all("Dashboard"):
        uid = spec.spec.uid or spec.name
        before = first.setdefault(uid, spec)
        if before is not spec:
            related = ((before.document.at(_place(before)), "the first one"),)
            yield spec.problem(_place(spec), "dashboard-uid", f'the uid "{uid}" is taken', related=related)
    yield from _shared(catalogue)


def _place(spec: Declared) -> Loc:
    return ("spec", "uid") if spec.spec.uid else ("metadata", "name")


def _shared(catalogue: Catalogue) -> Iterable[Problem]:
    first: dict[tuple[str, str], Declared] = {}
    for environment in catalogue.all("Environment"):
        grafana = environment.spec.urls.grafana
        if not grafana or not environment.spec.deployed:
            continue
        for spec in catalogue.all("Dashboard"):
            uid = _overlaid(environment, spec)
            before = first.setdefault((grafana.rstrip("/"), uid), environment)
            if before is not environment:
                message = (
                    f'the dashboard "{uid}" of {before.name} and {environment.name} would be one: they share a Grafana'
                )
                hint = f"overlay: {{Dashboard: {{{spec.name}: {{uid: {uid}-{environment.name}}}}}}}"
                yield environment.problem(("spec", "urls", "grafana"), "dashboard-uid", message, hint)


def _overlaid(environment: Declared, spec: Declared) -> str:
    overlay: Mapping[str, Any] = environment.spec.overlay.get("Dashboard", {}).get(spec.name, {})
    return str(overlay.get("uid", spec.spec.uid or spec.name))


CHECK = Check("dashboard-uid", run)
