"""Who is told of alerts: receivers, the routes to them by severity and owner, and what silences what.

One model makes the AlertmanagerConfig of the cluster and the plain configuration beside it, so both always agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._alerting import Severity
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, Many, Name, Ref, SecretRef, Strict

NOBODY = "nobody"
"""Receiver without any integration: for alerts that are only shown on dashboards."""


class Slack(Strict):
    """A Slack channel."""

    channel: Annotated[str, Field(pattern="^[#@][^ ]+$")]
    """Channel, such as `#apm-alerts`."""
    webhook: SecretRef
    """Address of the incoming webhook, as secret-name/key."""
    send_resolved: bool = True
    """Whether the end of an alert is told too."""


class Webhook(Strict):
    """A channel of a Runtime: each notification is an event there, so that an alert can start workflows."""

    runtime: Annotated[str, Ref("Runtime")]
    """Runtime whose API takes the events."""
    channel: Annotated[str, Ref("Channel")]
    """Channel that they are published on."""
    credentials: SecretRef
    """One key of the API and nothing else, as secret-name/key; Alertmanager sends it as a bearer token."""
    send_resolved: bool = True
    """Whether the end of an alert is an event too."""
    max_alerts: Annotated[int, Field(ge=1)] = 100
    """Alerts in one event at most; the others are left out, and counted in `truncatedAlerts`."""


class Titles(Strict):
    """How the title of a message starts."""

    firing: str = ""
    """While the alert fires, such as `[KRITISCH]`."""
    resolved: str = "[OK]"
    """When it has ended."""


class Receiver(Strict):
    """Where messages go."""

    slack: Slack | None = None
    """Slack channel that is told."""
    webhook: Webhook | None = None
    """Channel of a Runtime that is told."""
    titles: Titles = Titles()
    """How the titles of its Slack messages start."""

    @model_validator(mode="after")
    def _somewhere(self) -> "Receiver":
        if self.slack is None and self.webhook is None:
            raise PydanticCustomError(
                "receiver-empty", "a receiver needs `slack` or `webhook`; to tell nobody: `nobody`"
            )
        return self


class Timing(Strict):
    """When messages are sent."""

    group_by: Annotated[Many[str], Field(min_length=1)] = ("alertname", "severity")
    """Labels whose alerts share one message."""
    group_wait: Duration = "30s"
    """Time before the first message of a group, so that alerts that come together are sent together."""
    group_interval: Duration = "5m"
    """Time before new alerts of a group are told."""
    repeat_interval: Duration = "4h"
    """Time after which a message is sent again while the alert fires."""


class Route(Strict):
    """Which alerts go to which receiver; the first route that takes an alert counts, unless it says `continue`."""

    receiver: str
    """Name of a receiver, or `nobody` for what is only shown on dashboards."""
    severities: Many[Severity] = ()
    """Severities that it takes; all if none is named."""
    owners: Many[Annotated[str, Ref("Team")]] = ()
    """Owners whose alerts it takes; all if none is named."""
    continue_: Annotated[bool, Field(alias="continue")] = False
    """Routes after it are asked as well; `default` is not, once any route has taken an alert."""
    group_by: Many[str] | None = None
    """Labels whose alerts share one message; default: those of `timing`."""
    group_wait: Duration | None = None
    """Time before the first message; default: that of `timing`."""
    group_interval: Duration | None = None
    """Time before new alerts are told; default: that of `timing`."""
    repeat_interval: Duration | None = None
    """Time before a message is repeated; default: that of `timing`."""

    def takes(self, severity: str, owner: str) -> bool:
        """Whether an alert goes this way."""
        return (not self.severities or severity in self.severities) and (not self.owners or owner in self.owners)


class Pick(Strict):
    """Which alerts are meant; all conditions have to hold."""

    alerts: Many[str] = ()
    """Names of alerts."""
    severities: Many[Severity] = ()
    """Severities."""


class Inhibition(Strict):
    """While one alert fires, others are not told."""

    source: Pick
    """The alert that silences."""
    target: Pick
    """The alerts that are silenced."""
    equal: Annotated[Many[str], Field(min_length=1)]
    """Labels that both have to agree in; one that both lack counts as equal."""


class NotificationsSpec(Strict):
    """All notifications of a system."""

    receivers: Annotated[dict[Name, Receiver], Field(min_length=1)]
    """Receivers by name."""
    timing: Timing = Timing()
    """When messages are sent, unless a route says otherwise."""
    routes: Many[Route] = ()
    """Routes in order; the first that takes an alert counts, and those after it where it says `continue`."""
    default: str | None = None
    """Receiver of what no route takes; without one such alerts are told to nobody."""
    inhibitions: Many[Inhibition] = ()
    """Which alerts silence others while they fire."""
    language: Literal["en", "de"] = "en"
    """Language of the words that messages are made of."""

    @model_validator(mode="after")
    def _nobody(self) -> "NotificationsSpec":
        if NOBODY in self.receivers:
            raise PydanticCustomError(
                "receiver-name", "`nobody` is the receiver of what is told to nobody; choose another name"
            )
        return self


@dataclass(frozen=True)
class Notifications(Thing):
    """Notifications, resolved."""

    spec: NotificationsSpec

    def told(self, severity: str, owner: str) -> list[str]:
        """Return the receivers of an alert; none where nobody is told."""
        return [name for name in receivers_of(self.spec, severity, owner) if name != NOBODY]


def receivers_of(spec: NotificationsSpec, severity: str, owner: str) -> list[str]:
    """Return the receivers of an alert as Alertmanager finds them; `nobody` where a route says so, none without any."""
    found: list[str] = []
    for route in spec.routes:
        if route.takes(severity, owner):
            found.append(route.receiver)
            if not route.continue_:
                break
    return found or [name for name in (spec.default,) if name]


def picks(pick: Pick, alert: str, severities: Iterable[str]) -> bool:
    """Whether an alert that can have these severities may be meant."""
    wanted = pick.severities
    return (not pick.alerts or alert in pick.alerts) and (not wanted or any(s in wanted for s in severities))


def resolve(spec: NotificationsSpec, context: Resolving) -> Notifications:
    """Return the notifications."""
    return Notifications(**context.base, spec=spec)


KIND = Kind("Notifications", NotificationsSpec, Notifications, resolve)
