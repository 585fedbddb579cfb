"""One invocation of a graph: what its steps share, and what they can see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from runtime.contract import Pot, Services, Step, WorkflowDocument, pot_of
from runtime.problems import Problem

END = "end"
"""Where a run goes when nothing follows."""


@dataclass
class Tally:
    """Steps that a workflow has executed; branches and items count for the workflow they belong to."""

    used: int = 0

    def take(self, known: int) -> int:
        """Count one step and return the number; `known` is what the checkpoint says, after a resume it is ahead."""
        self.used = max(self.used, known) + 1
        return self.used


class Compiled(Protocol):
    """What frames know of a compiled graph."""

    async def ainvoke(self, input: Any, config: Any = None, *, context: Any = None) -> Any:  # noqa: A002
        """Run the graph and return the final values of its channels."""
        ...


class Saga(Protocol):
    """What a run remembers of the steps that can be undone."""

    async def completed(self, step: Step, key: str, frame: "Frame", scope: Mapping[str, Any]) -> None:
        """Remember a step that has succeeded, with what it saw; remembering it again changes nothing."""
        ...

    async def undo(self, frame: "Frame", below: tuple[str, ...], problem: Problem) -> None:
        """Undo, last one first, the remembered steps whose keys start with one of `below`; a failing one is marked."""
        ...


@dataclass(frozen=True)
class Frame:
    """One invocation of a workflow, a branch, or an item's steps."""

    run: Mapping[str, Any]
    """Root `run`: `{id, workflow, environment}`."""
    document: WorkflowDocument
    services: Services
    watch: Callable[[str, Mapping[str, Any]], None]
    """Records an event of the run: kind and data."""
    document_of: Callable[[str], WorkflowDocument]
    """Returns the sub-workflow with a digest; all of them were loaded before the run began."""
    nested: Callable[[WorkflowDocument], Compiled]
    """Returns the graph of a sub-workflow."""
    saga: Saga
    path: tuple[str, ...]
    """Workflows and steps that lead here, with number of visit, branch and item: `("apm-cycle", "create#2")`."""
    tenant: str = ""
    """Whose run it is: outputs that are kept are not given to others."""
    pots: tuple[Pot, ...] = ()
    attempts: tuple[str, ...] = ()
    base: Mapping[str, Any] | None = None
    """Scope around a branch or an item; `None` for a workflow, which has a state of its own."""
    item: Any = None
    error: Mapping[str, Any] | None = None
    """Root `error`: the problem that a handler or a compensation is about."""
    tally: Tally = field(default_factory=Tally)
    shows: bool = False
    """Events of steps tell what was written, for those who follow the state of the run."""

    def inside(self, place: str, attempt: str, base: Mapping[str, Any], item: Any) -> "Frame":
        """Return the frame of a branch or an item's steps."""
        return replace(self, path=(*self.path, place), attempts=(*self.attempts, attempt), base=base, item=item)

    def handling(self, place: str, base: Mapping[str, Any], error: Mapping[str, Any]) -> "Frame":
        """Return the frame of the steps that handle a problem."""
        return replace(self.inside(place, "1", base, self.item), error=error)

    def below(self, place: str, attempt: str, document: WorkflowDocument) -> "Frame":
        """Return the frame of a sub-workflow: a scope and a count of its own, the same budgets and its own on top."""
        path = (*self.path, place)
        pots = self.pots
        if document.budget.max_tokens or document.budget.max_cost:
            pots = (*pots, Pot(pot_of("/".join((str(self.run["id"]), *path))), document.budget))
        more = {"path": path, "attempts": (*self.attempts, attempt), "base": None, "item": None, "pots": pots,
                "error": None}  # fmt: skip
        return replace(self, document=document, tally=Tally(), **more)  # pyright: ignore[reportArgumentType]

    def plain(self, step: str) -> str:
        """Return the path of a step for people: without numbers."""
        names = [part.split("#")[0] for part in self.path]
        return "/".join((*names, step))
