"""Undo what a run has done: each completed step by its `compensate`, last one first."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from runtime import steps as verbs
from runtime.contract import Step, WorkflowDocument
from runtime.graph.building import Graphs
from runtime.graph.frame import Frame, Tally
from runtime.problems import Problem
from runtime.services.store import Store
from runtime.services.store.compensations import Completed
from runtime.services.store.run_events import EPOCH
from runtime.services.store.runs import Run


class Undoing:
    """What one execution of a run remembers and undoes."""

    def __init__(self, run: Run, store: Store, graphs: Graphs) -> None:
        self._run = run
        self._store = store
        self._graphs = graphs
        self._orders = itertools.count(run.epoch * EPOCH)
        self._noted = False

    async def completed(self, step: Step, key: str, frame: Frame, scope: Mapping[str, Any]) -> None:
        """Remember a step that has succeeded; the run is marked, so that it is not cancelled without being undone."""
        if not self._noted:
            await self._store.runs.undoable(self._run)
            self._noted = True
        done = Completed(key, frame.document.digest, step.id, frame.path, scope)
        await self._store.compensations.add(self._run.id, next(self._orders), done)

    async def undo(self, frame: Frame, below: tuple[str, ...], problem: Problem) -> None:
        """Undo the remembered steps whose keys start with one of `below`, last one first.

        A compensation that fails is recorded as failed, and the others go on. After a crash those that were under way
        are done again; their effects are found in the ledger.
        """
        if not compensates(frame.document, frame.document_of):
            return
        for done in await self._store.compensations.open(self._run.id):
            if done.key.startswith(below):
                await self._undo(frame, done, problem)

    async def _undo(self, frame: Frame, done: Completed, problem: Problem) -> None:
        document = frame.document_of(done.digest)
        place = f"{done.key.rsplit('/', 1)[1]}.undo"
        inner = replace(
            frame, document=document, path=(*done.path, place), attempts=("1",), base=done.scope,
            item=done.scope["item"], error=problem.json(), tally=Tally(),
        )  # fmt: skip
        found = await self._graphs.undo(document, _step(document, done.step), inner)
        await self._store.compensations.finish(self._run.id, done.key, found.json() if found else None)
        told = {"path": replace(frame, path=done.path).plain(done.step), "workflow": document.name, "step": done.step}
        outcome = {"outcome": "failed", "problem": found.json()} if found else {"outcome": "done"}
        frame.watch("compensated", {**told, **outcome})


def compensates(document: WorkflowDocument, document_of: Any) -> bool:
    """Return whether a step of a workflow, or of those below it, can be undone."""
    below: Iterable[WorkflowDocument] = (document_of(digest) for digest in document.workflows.values())
    return _compensates(document) or any(compensates(one, document_of) for one in below)


_KNOWN: dict[str, bool] = {}


def _compensates(document: WorkflowDocument) -> bool:
    if document.digest not in _KNOWN:
        _KNOWN[document.digest] = any(step.compensate for step in verbs.walk(verbs.parse(document.steps)))
    return _KNOWN[document.digest]


def _step(document: WorkflowDocument, id_: str) -> Step:
    return next(step for step in verbs.walk(verbs.parse(document.steps)) if step.id == id_)
