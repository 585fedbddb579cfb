"""A recurring duty of people: an audit, an access review, a look at certificates or patches.

That it was done is a line of the spec, `lastDone`, written by `apm duties done` and merged like every change: git says
who did it and who agreed. An alert fires when it was not done in time; it needs no exporter, for the time when the
duty is due is a constant of the rendered rule.
"""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from generator.alert_templates._template import Case, Condition, minutes, number, seconds
from generator.kinds._alerting import Alert, AlertGroup, Severity, Tier, Told, of_severity, pascal, placed, recorded
from generator.kinds.waiver import Date
from generator.model import Kind, Resolving
from generator.rules.cron import following
from generator.rules.promql import NAMESPACE, Matcher, Read
from runtime.contract import Duration, FileRef, Many, Ref, Strict

DUE = "duty:due_timestamp_seconds"
_STEP = 4
"""Minutes between samples of cases: below the five after which Prometheus calls a series stale."""


class DutySchedule(Strict):
    """When a duty is due."""

    cron: str
    """Five fields, such as `0 9 1 */3 *` for the first day of each quarter."""
    time_zone: str
    """IANA time zone of the schedule."""


class MaintenanceSpec(Strict):
    """One recurring duty."""

    schedule: DutySchedule
    """When it is due."""
    last_done: Date
    """Day on which it was last done, in the schedule's time zone; for a new duty, the day from which on it counts. What
    was due until the end of that day counts as done."""
    grace: Duration = "7d"
    """How long after that it may still be done before the alert."""
    severity: Severity = "warning"
    """How urgent it is when it is overdue."""
    summary: str
    """One sentence for the alert: what was not done."""
    instructions: Annotated[str, FileRef("text")]
    """Markdown file beside the spec that says how it is done; `$namespace` is the environment's namespace there too."""
    environments: Many[Annotated[str, Ref("Environment")]] = ()
    """Environments that alert when it is overdue; all if none is named. A duty of the whole system needs one."""

    def told(self, name: str) -> Iterator[Told]:
        """Yield its alert."""
        yield f"{pascal(name)}Overdue", self.severity, ("spec", "severity")

    @property
    def due(self) -> dt.datetime:
        """When it is due next."""
        return following(self.schedule.cron, self.schedule.time_zone, dt.date.fromisoformat(self.last_done))


@dataclass(frozen=True)
class Maintenance(AlertGroup):
    """A duty, resolved; without an alert where another environment has it."""

    spec: MaintenanceSpec


def resolve(spec: MaintenanceSpec, context: Resolving) -> Maintenance:
    """Return the duty with its rules."""
    name = context.base["source"].name
    if spec.environments and context.environment not in spec.environments:
        return Maintenance(**context.base, alerts=(), dashboard=None, spec=spec)
    due = recorded(DUE, f"vector({int(spec.due.timestamp())})", context, {"duty": name})
    return Maintenance(**context.base, alerts=(_alert(name, spec, context),), dashboard=None, records=(due,), spec=spec)


def _due(name: str) -> str:
    return Read(DUE, (Matcher("duty", "=", name), Matcher("namespace", "=", NAMESPACE))).text()


def _alert(name: str, spec: MaintenanceSpec, context: Resolving) -> Alert:
    condition = Condition(f"time() - max({_due(name)})", seconds(spec.grace), "seconds", labels={"duty": name})
    zone = zoneinfo.ZoneInfo(spec.schedule.time_zone)
    text = (
        f"It was due at {spec.due.astimezone(zone):%Y-%m-%d %H:%M} ({spec.schedule.time_zone}), "
        f"{{{{ $value | humanizeDuration }}}} ago. Once it is done: apm duties done {name}, then render and merge."
    )
    tier = Tier(spec.severity, "0s", text, (placed(condition, context),))
    owner, how = context.base["owner"], context.text(spec.instructions)
    return Alert(f"{pascal(name)}Overdue", owner, spec.summary, how, (tier,),
                 lambda _, __: of_severity(spec.severity, _cases(name, spec)))  # fmt: skip


def _cases(name: str, spec: MaintenanceSpec) -> Iterator[Case]:
    """Prove it just before and after the grace, before it is due, and without the recorded time."""
    grace = minutes(spec.grace)
    at = -(-(grace * 2 + 60) // _STEP) * _STEP
    for text, late, fires in (
        ("overdue", grace + 2 * _STEP, True),
        ("due, within the grace", grace - 2 * _STEP, False),
        ("not due yet", -60, False),
    ):
        due = number((at - late) * 60)
        yield Case(text, ((_due(name), f"{due}x{at // _STEP}"),), at, fires, step=_STEP, labels={"duty": name})


KIND = Kind("Maintenance", MaintenanceSpec, Maintenance, resolve)
