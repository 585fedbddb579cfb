"""What agents remember beyond a run: a memory with sections, and how an agent uses it."""

from typing import Annotated

from pydantic import Field

from runtime.contract.values import Duration, Many, Name, Ref, Strict


class Section(Strict):
    """One part of a memory."""

    description: str = ""
    """What belongs here; agents that may write are told."""
    retention: Duration | None = None
    """How long an entry is kept after it was written last; without it, for ever."""


class MemoryDocument(Strict):
    """A memory as the runtime keeps it."""

    name: str
    sections: dict[Name, Section]
    model: str | None = None
    """Model that makes vectors, by an OpenAI-compatible endpoint; without it the runtime makes them itself."""


class MemoryUse(Strict):
    """How an agent uses a memory."""

    name: Annotated[str, Ref("Memory")]
    """The memory."""
    read: Many[str] = ()
    """Sections that it may search."""
    write: Many[str] = ()
    """Sections that it may write to."""
    recall: Annotated[int, Field(ge=0, le=20)] = 3
    """Entries of `read` that fit its task best and are told to it from the start."""
