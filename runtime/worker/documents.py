"""Workflow documents with everything they stand on."""

from collections.abc import Mapping

from runtime.contract import WorkflowDocument
from runtime.problems import Failure
from runtime.services.store.records import Specs


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
