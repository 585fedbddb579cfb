"""What an agent is asked, on whose behalf, and what may come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.contract import AgentDocument, Context
from runtime.services.agents.extras import Extra


@dataclass(frozen=True)
class Task:
    """One task of one agent."""

    agent: AgentDocument
    given: Mapping[str, Any]
    context: Context
    above: tuple[AgentDocument, ...] = ()
    """Agents that this one works for: it may do nothing that they may not."""
    extras: tuple[Extra, ...] = ()
    """What its model may call besides its tools."""
    known: str = ""
    """What it is told beside its instructions."""

    @property
    def everybody(self) -> tuple[AgentDocument, ...]:
        """All whose permissions count."""
        return (*self.above, self.agent)
