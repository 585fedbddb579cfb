"""Workflow documents with everything they stand on."""

from collections.abc import Iterator, Mapping

from runtime.contract import WorkflowDocument
from runtime.problems import Failure
from runtime.services.store.records import Specs


class Served(Mapping[str, WorkflowDocument]):
    """The documents that take new runs, by name. They are replaced as a whole, never changed while somebody reads."""

    def __init__(self, documents: Mapping[str, WorkflowDocument]) -> None:
        self._now = dict(documents)

    def replace(self, documents: Mapping[str, WorkflowDocument]) -> None:
        """Let others take new runs from now on; runs that were started stay with what the store has kept for them."""
        self._now = dict(documents)

    def __getitem__(self, name: str) -> WorkflowDocument:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


def complete(documents: Mapping[str, WorkflowDocument]) -> None:
    """Raise `Failure` when a document stands on another one that is missing, or on another version of it."""
    for name in documents:
        closure(documents, name)


def closure(documents: Mapping[str, WorkflowDocument], name: str) -> list[WorkflowDocument]:
    """Return a workflow and its sub-workflows, each once, the workflow first.

    Raises:
        Failure: one of them is not among the documents, or is there with another digest.
    """
    found: dict[str, WorkflowDocument] = {}
    waiting = [name]
    while waiting:
        document = _named(documents, waiting.pop())
        if document.name in found:
            continue
        found[document.name] = document
        for sub, digest in document.workflows.items():
            if _named(documents, sub).digest != digest:
                raise Failure(f"{document.name} was rendered with another version of {sub}", "render the specs again")
            waiting.append(sub)
    return list(found.values())


def _named(documents: Mapping[str, WorkflowDocument], name: str) -> WorkflowDocument:
    if name not in documents:
        raise Failure(f"There is no workflow {name}", f"known: {', '.join(sorted(documents)) or 'none'}")
    return documents[name]


async def stored(specs: Specs, digest: str) -> dict[str, WorkflowDocument]:
    """Return the document with this digest and those of its sub-workflows, by digest.

    Raises:
        Failure: one of them has not been kept.
    """
    found: dict[str, WorkflowDocument] = {}
    waiting = [digest]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        document = await specs.get(one)
        if document is None:
            raise Failure(f"The workflow document {one} is not in the store", "the run cannot go on without it")
        found[one] = document
        waiting += document.workflows.values()
    return found
