"""What is refused before anything is done: a run that starts and then fails has had effects already."""

import difflib
from collections.abc import Iterable, Mapping

from runtime.contract import WorkflowDocument
from runtime.problems import Failure
from runtime.services.models import scripted
from runtime.services.store.runs import ENDED
from runtime.settings import Settings

STATES = ("queued", "running", "abandoned", "waiting", "interrupted", *ENDED)
"""Where a run can stand; an abandoned one was running when its process was killed."""


def scripts(settings: Settings, documents: Mapping[str, WorkflowDocument]) -> None:
    """Refuse scripted replies where they are not allowed, or where a part of them would never be used.

    Raises:
        Failure: an environment is protected, the file is missing or wrong, or names an agent or model that no document
            has.
    """
    if settings.provider != "scripted":
        return
    protected = next((document for document in documents.values() if document.protected), None)
    if protected:
        hint = "leave out --replies, or take an environment that is not protected, such as local"
        raise Failure(f"Scripted replies are refused in the protected environment {protected.environment}", hint)
    if settings.replies is not None:
        _known(settings, documents.values())


def _known(settings: Settings, documents: Iterable[WorkflowDocument]) -> None:
    assert settings.replies is not None
    agents, models = set[str](), set[str]()
    for document in documents:
        agents |= document.agents.keys()
        models |= document.models.keys()
    for part, name in scripted.names(settings.replies):
        known = agents if part == "agents" else models
        if name not in known:
            what = "agent" if part == "agents" else "model"
            raise Failure(f'{settings.replies}: no workflow here has the {what} "{name}"', nearest(name, known))


def status(name: str | None) -> None:
    """Refuse a status that no run can have.

    Raises:
        Failure: there is none of that name.
    """
    if name is not None and name not in STATES:
        raise Failure(f'There is no status "{name}"', nearest(name, STATES))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"?` for the nearest known name, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(names) or 'none'}"
