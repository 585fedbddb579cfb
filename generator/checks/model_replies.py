"""The replies of a scripted model are missing, not of their form, or never used.

The provider `scripted` answers from a file that `replies` names. Where workflows are deployed there is nothing else to
answer from; on a laptop `apm run --replies FILE` does as well.

Fix: name a file beside the spec that holds `agents: {NAME: [reply, ...]}`, and `models:` for steps without an agent;
take `replies` away from a model that answers itself.

Good: `provider: scripted` with `replies: demo.replies.yaml`.
"""

from collections.abc import Iterable
from typing import Any, cast

import yaml

from generator.model import Catalogue, Check, Declared, beside
from generator.problems import Problem
from generator.rules.strictness import environment_of, is_protected

_SHAPE = "it has to be `agents: {NAME: [reply, ...]}`, with `models:` for steps without an agent"
_HINT = "name a file with `agents: {NAME: [reply, ...]}`"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report models whose replies can't be used, or lack."""
    environment = environment_of(catalogue)
    deployed = environment is not None and environment.spec.deployed and bool(catalogue.all("Runtime"))
    deployed = deployed and not is_protected(catalogue)  # there no script is let through at all
    for model in catalogue.all("Model"):
        scripted, named = model.spec.provider == "scripted", model.spec.replies
        if named and not scripted:
            message = f'the provider "{model.spec.provider}" answers itself: these replies are never used'
            yield model.problem(
                ("spec", "replies"), "model-replies", message, "write `provider: scripted`, or take them away"
            )
        elif named:
            yield from _unusable(model, catalogue.files.get(beside(model.document.file, named)))
        elif scripted and deployed:
            message = "a scripted model has nothing to answer where it is deployed"
            yield model.problem(("spec", "provider"), "model-replies", message, f"{_HINT} under `replies`")


def _unusable(model: Declared, text: str | None) -> Iterable[Problem]:
    if text is None:
        return  # missing-file says so
    try:
        found: Any = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        message = "the replies are not YAML" + (f" (line {where.line + 1} of the file)" if where else "")
        yield model.problem(("spec", "replies"), "model-replies", message, _SHAPE)
        return
    if not _fits(found):
        yield model.problem(("spec", "replies"), "model-replies", "the replies are not of their form", _SHAPE)


def _fits(found: Any) -> bool:
    """Return whether these are lists of replies by asker."""
    if not isinstance(found, dict) or not found.keys() <= {"agents", "models"}:
        return False
    sections = list(cast("dict[str, Any]", found).values())
    if not all(isinstance(section, dict) for section in sections):
        return False
    lists = [one for section in sections for one in cast("dict[str, Any]", section).values()]
    return all(isinstance(one, list) and len(cast("list[Any]", one)) > 0 for one in lists)


CHECK = Check("model-replies", run, each_environment=True)
