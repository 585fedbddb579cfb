"""Recorded replies: what real models answered in a case, kept beside the test and played back from then on.

A recording names the digest of the workflow's document, prompts and schemas included. When that has changed the models
have not been asked what is recorded, and the case says so until it is recorded again.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml

from generator import emit
from generator.kinds.workflow import Workflow
from generator.kinds.workflow_test import Case, WorkflowTest
from generator.model import beside
from generator.problems import Failure
from generator.rules import secrecy

HEADER = "# Recorded by `apm test --record`: what the models really answered. Record again instead of editing.\n"
RECORDED = "recorded"
"""Part of a file of replies that says what it is a recording of."""
_SHORTEST = 8
"""Characters of a variable's value from which on it is taken for a secret, where its name says so."""


def file_of(test: WorkflowTest, case: Case) -> str:
    """Return the path below the root of a case's recording: the file that the case names, or a new one."""
    name = case.replies if isinstance(case.replies, str) else f"{test.name}.{_slug(case.name)}.replies.yaml"
    return beside(test.source.file, name)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "case"


def may_replace(text: str, file: str) -> None:
    """Refuse to write over replies that a person has written.

    Raises:
        Failure: the file is no recording.
    """
    if _about(text) is None:
        raise Failure(f"{file} is not a recording", "name another file in `replies`, or take `replies` away")


def text(test: WorkflowTest, case: Case, heard: Sequence[tuple[str, Any]]) -> str:
    """Return a recording, as YAML; what is, or looks like, a credential is hidden."""
    agents = {agent.name for one in test.workflow.closure() for agent in one.agents}
    parts: dict[str, dict[str, list[Any]]] = {}
    for asker, reply in heard:
        part = "agents" if asker in agents else "models"
        parts.setdefault(part, {}).setdefault(asker, []).append(_hidden(reply, _values()))
    about = {"workflow": test.workflow.name, "digest": _digest(test.workflow), "case": case.name}
    return HEADER + emit.dumps({RECORDED: about, **parts})


def stale(replies: Any, workflow: Workflow) -> str:
    """Return what is wrong with a case's replies if they are an old recording; empty where nothing is."""
    about = _about(replies) if isinstance(replies, str) else None
    if about is None or about.get("digest") == _digest(workflow):
        return ""
    return f"the recording is of another version of {workflow.name}: record it again with `apm test --record`"


def _about(text: str) -> Mapping[str, Any] | None:
    """Return what a file of replies says that it is a recording of; None where it is none."""
    found: Any = yaml.load(text, Loader=yaml.CSafeLoader)
    about = cast("Mapping[str, Any]", found).get(RECORDED) if isinstance(found, dict) else None
    return cast("Mapping[str, Any]", about) if isinstance(about, dict) else None


def _digest(workflow: Workflow) -> str:
    """Return one digest of a workflow and of those that it runs."""
    return "-".join(one.document.digest[:12] for one in workflow.closure())


def _values() -> tuple[str, ...]:
    """Return the values of environment variables that are secrets by their names, the longest first."""
    found = {v for name, v in os.environ.items() if len(v) >= _SHORTEST and secrecy.is_sensitive(name)}
    return tuple(sorted(found, key=len, reverse=True))


def _hidden(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, secrecy.HIDDEN)
        return secrecy.mask(value)
    if isinstance(value, dict):
        return {key: _hidden(one, secrets) for key, one in cast("dict[str, Any]", value).items()}
    return [_hidden(one, secrets) for one in cast("list[Any]", value)] if isinstance(value, list) else value
