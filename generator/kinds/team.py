"""A team that owns specs, is told of alerts and approves."""

from dataclasses import dataclass

from generator.model import Kind, Resolving, Thing
from runtime.contract import Many, Strict


class Chat(Strict):
    """Where the team is told of alerts."""

    channel: str
    """Channel for warnings and information, such as `#apm-alerts`."""
    critical: str | None = None
    """Channel for critical alerts; default: the same."""


class TeamSpec(Strict):
    """How a team is reached, and what it has to approve."""

    title: str
    """Name of the team for people."""
    mail: str
    """Mail address."""
    slack: Chat | None = None
    """Slack channels."""
    approves: Many[str] = ()
    """Paths of the repository whose changes the team has to approve."""
    members: Many[str] = ()
    """Accounts at the code host, such as `@org/devops`."""


@dataclass(frozen=True)
class Team(Thing):
    """A team, resolved."""

    title: str
    mail: str
    channel: str | None
    critical_channel: str | None
    approves: tuple[str, ...]
    members: tuple[str, ...]


def resolve(spec: TeamSpec, context: Resolving) -> Team:
    """Return the team."""
    chat = spec.slack
    return Team(
        **context.base,
        title=spec.title,
        mail=spec.mail,
        channel=chat.channel if chat else None,
        critical_channel=(chat.critical or chat.channel) if chat else None,
        approves=spec.approves,
        members=spec.members,
    )


KIND = Kind("Team", TeamSpec, Team, resolve)
