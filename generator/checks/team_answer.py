"""A sub-agent's answer counts as that of the agent above, and can never be what the agent above has to answer.

With the strategies `handoff`, `router` and `swarm` the answer of a sub-agent is the answer of the team, and is held to
the output schema of the agent above. Where the schema of the sub-agent allows nothing that this one accepts, every task
that it gets fails as `invalid-output`, after it has been paid for.

Fix: let both have the same fields; a JSON Schema in a file can be named by both.

Bad: `desk` has `strategy: router` and has to answer `{answer}`; its sub-agent `buyer` has to answer `{text}`.

Good: both have `output: schemas/answer.json`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.accepting import refused
from generator.workflows.reads import schema_of
from generator.workflows.teams import Link, links
from generator.workflows.types import Type, from_schema

_THEIRS = ("handoff", "router", "swarm")
"""Strategies in which the answer is that of a sub-agent."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each sub-agent at its name, with what is refused."""
    for agent in catalogue.all("Agent"):
        accepted = _answer(catalogue, agent) if agent.spec.strategy in _THEIRS else None
        for link in links(catalogue, agent.name) if accepted else ():
            assert accepted
            yield from _refused(catalogue, link, accepted)


def _refused(catalogue: Catalogue, link: Link, accepted: Type) -> Iterator[Problem]:
    below = catalogue.find("Agent", link.name)
    given = _answer(catalogue, below) if below else None
    found = refused(given, accepted) if given else ()
    path, why = next(((path, why) for path, why in found if not path or not why.endswith("not taken")), ("", ""))
    if why:
        assert below
        message = f'"{link.above.name}" can never take the answer of "{link.name}"{path and f" ({path[1:]})"}: {why}'
        related = [(spec.document.at(("spec", "output")), f"what {spec.name} answers") for spec in (link.above, below)]
        hint = "let both have the same fields"
        loc = ("spec", "subAgents", link.index)
        yield link.above.problem(loc, "team-answer", message, hint, related=tuple(related))


def _answer(catalogue: Catalogue, agent: Declared) -> Type | None:
    """Return the type of what an agent answers; None where nothing says so, or it can't be read."""
    schema: Any = schema_of(catalogue, agent, agent.spec.output)
    if not isinstance(schema, Mapping):
        return None
    form = cast("Mapping[str, Any]", schema)
    # An answer may have more fields than its schema names, unless that says otherwise.
    return replace(from_schema(form), closed=form.get("additionalProperties") is False)


CHECK = Check("team-answer", run, each_environment=True)
