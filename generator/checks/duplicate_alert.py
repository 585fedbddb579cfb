"""Two alerts have the same name, or there are two Notifications specs.

An alert's name stands for one thing: its runbook, its silence and its place in messages. With two Notifications specs
every alert would be told twice, by routes that nobody sees together.

Fix: rename one of the two alerts; for a second severity use `critical:`. Merge the Notifications specs.

Bad: `QueueBacklog` in two Alerts specs, once as warning and once as critical; or `RunsBudgetBurn` beside an Objective
`runs`, whose alert has that name.

Good: one `QueueBacklog` with `severity: warning` and `critical: {above: 30m}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check, Declared, Loc
from generator.monitoring.metric_uses import declared_alerts
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the second of two, and point to the first."""
    first: dict[str, tuple[Declared, Loc]] = {}
    told: set[tuple[str, str, str]] = set()
    for group, (name, _, where) in declared_alerts(catalogue):
        before, first_loc = first.setdefault(name, (group, where))
        key = (group.kind, group.name, name)
        if before is not group and key not in told:
            told.add(key)
            loc = _named(where)
            related = ((before.document.key_at(_named(first_loc)), "the first one"),)
            message = f'there is an alert "{name}" already'
            yield group.problem(loc, "duplicate-alert", message, "rename one of the two", key=True, related=related)
    found = catalogue.all("Notifications")
    for spec in found[1:]:
        related = ((found[0].document.at(("metadata", "name")), "the first one"),)
        yield spec.problem(("metadata", "name"), "duplicate-alert", "there is a Notifications spec already",
                           "merge the two", related=related)  # fmt: skip


def _named(where: Loc) -> Loc:
    """Return the place of an alert's name, given that of its severity; other kinds make it of their own name."""
    return where[:3] if where[1] == "alerts" else ("metadata", "name")


CHECK = Check("duplicate-alert", run, each_environment=True)
