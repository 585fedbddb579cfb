"""What agents remember beyond a run: texts in sections, found again by their words and by their meaning."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from generator.kinds.model import Model
from generator.model import Kind, Resolving, Thing
from runtime.contract import MemoryDocument, Name, Ref, Section, Strict


class MemorySpec(Strict):
    """One memory."""

    store: Annotated[str, Ref("StateStore")]
    """Where it is kept: the store of the runtimes whose agents use it."""
    sections: Annotated[dict[Name, Section], Field(min_length=1)]
    """Its parts, by name."""
    model: Annotated[str | None, Ref("Model")] = None
    """Model that turns texts into vectors, behind an OpenAI-compatible endpoint. Without it `apm run` and
    `apm serve` do it with a small English model where the extra `memory` is installed. The image ships none: in a
    cluster entries are then found by their words only, and every result says so."""
    backup: Annotated[str | None, Ref("Backup")] = None
    """Backup that covers it; null marks what may be lost."""


@dataclass(frozen=True)
class Memory(Thing):
    """A memory, resolved."""

    document: MemoryDocument
    model: Model | None


def resolve(spec: MemorySpec, context: Resolving) -> Memory:
    """Return the memory."""
    document = MemoryDocument(name=context.base["source"].name, sections=spec.sections, model=spec.model)
    return Memory(**context.base, document=document, model=context.find(Model, spec.model) if spec.model else None)


KIND = Kind("Memory", MemorySpec, Memory, resolve)
