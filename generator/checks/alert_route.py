"""Nobody would be told of an alert.

Every severity and owner that alerts use has to reach a receiver: by a route that takes it, or by `default`. Receivers
and alerts that routes and inhibitions name have to exist.

Fix: add a route for the severity or the owner to the `Notifications` spec, or set `default`. What shall only be seen on
dashboards is routed to `nobody`: then it is a decision and no oversight.

Bad: an alert with `severity: info`, where the only route takes `severities: [critical, warning]`.

Good: `default: alerts`, so that whatever no route takes arrives somewhere.
"""

from collections.abc import Iterable, Iterator, Sequence

from generator.kinds.notifications import NOBODY, NotificationsSpec, receivers_of
from generator.model import Catalogue, Check, Declared, Loc
from generator.monitoring.metric_uses import alert_names, alerts_complete, complete, declared_alerts
from generator.problems import Problem, nearest

CODE = "alert-route"
_HINT = "write a Notifications spec with a receiver and a `default`; `apm explain Notifications` says how"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report alerts without a receiver, and names in routes that mean nothing."""
    told = catalogue.all("Notifications")
    for spec in told:
        yield from _dead(spec, catalogue)
    if told or complete(catalogue, "Notifications"):
        yield from _untold(catalogue, told)


def _untold(catalogue: Catalogue, told: Sequence[Declared]) -> Iterator[Problem]:
    """Yield one finding for each severity and owner that nothing takes, or one for all where there are no routes."""
    hint = f"add a route or a default to {told[0].document.file}" if told else _HINT
    why = "no route takes {} alerts of {}" if told else "there is no Notifications spec"
    lost: dict[str, dict[str, tuple[Declared, Loc]]] = {}
    for group, (name, severity, loc) in declared_alerts(catalogue):
        owner = _owner(group, catalogue)
        if not any(receivers_of(spec.spec, severity, owner) for spec in told):
            lost.setdefault(why.format(severity, owner), {}).setdefault(name, (group, loc))
    for cause, alerts in lost.items():
        (first, (group, loc)), *others = alerts.items()
        more = f" and {len(others)} other alert{'s' * (len(others) > 1)}" if others else ""
        yield group.problem(loc, CODE, f"nobody is told of {first}{more}: {cause}", hint)


def _owner(group: Declared, catalogue: Catalogue) -> str:
    default = next((s.spec.default_owner for s in catalogue.all("System")), "")
    return group.metadata.owner or default


def _dead(spec: Declared, catalogue: Catalogue) -> Iterable[Problem]:
    notifications: NotificationsSpec = spec.spec
    names: list[tuple[Loc, str]] = [
        (("spec", "routes", i, "receiver"), r.receiver) for i, r in enumerate(notifications.routes)
    ]
    if notifications.default:
        names.append((("spec", "default"), notifications.default))
    for loc, name in names:
        if name not in (NOBODY, *notifications.receivers):
            yield spec.problem(loc, CODE, f'there is no receiver "{name}"', nearest(name, notifications.receivers))
    alerts = alert_names(catalogue)
    if not alerts_complete(catalogue):
        return
    for index, inhibition in enumerate(notifications.inhibitions):
        for side, pick in (("source", inhibition.source), ("target", inhibition.target)):
            for position, name in enumerate(pick.alerts):
                if name not in alerts:
                    loc = ("spec", "inhibitions", index, side, "alerts", position)
                    yield spec.problem(loc, CODE, f'there is no alert "{name}"', nearest(name, alerts))


CHECK = Check(CODE, run, each_environment=True)
