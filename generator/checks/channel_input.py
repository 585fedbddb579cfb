"""A channel starts a workflow whose input does not fit its events.

The payload of an event is the input of the run that it starts. What the schema of the channel allows has to be what the
schema of the workflow's input takes; otherwise some events, or all, are refused when they arrive and end as dead
letters.

Fix: make one schema follow the other.

Bad: the payload of the channel is `{type: object, properties: {order: {type: string}}}`, and the input of the workflow
requires `order`.

Good: the payload requires `order` too.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.accepting import refused
from generator.workflows.reads import input_schema, schema_of
from generator.workflows.types import Type, from_schema

CODE = "channel-input"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each trigger whose channel does not fit."""
    for workflow in catalogue.all("Workflow"):
        for index, trigger in enumerate(workflow.spec.triggers):
            channel = catalogue.find("Channel", trigger.channel) if trigger.channel else None
            if channel is not None:
                yield from _unfit(catalogue, workflow, index, channel)


def _unfit(catalogue: Catalogue, workflow: Declared, index: int, channel: Declared) -> Iterator[Problem]:
    given, taken = schema_of(catalogue, channel, channel.spec.payload), input_schema(catalogue, workflow)
    if taken is None or (given is None and channel.spec.payload is not None):
        return  # there is nothing to fit, or the schema can't be read, which is told elsewhere
    payload = from_schema(given) if given is not None else Type(frozenset(["map"]))
    accepted = from_schema(taken)
    related = ((channel.document.key_at(("spec", "payload")), "the payload"),
               (workflow.document.key_at(("spec", "input")), "the input"))  # fmt: skip
    reasons = [*refused(payload, accepted), *_optional(payload, accepted)]
    for path, why in dict.fromkeys(reasons):
        what = f"`{path[1:]}`: {why}" if path else why
        message = f'events of "{channel.name}" do not fit the input of this workflow: {what}'
        yield workflow.problem(("spec", "triggers", index, "channel"), CODE, message, related=related)


def _optional(given: Type, accepted: Type, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield what the input needs and the payload need not have."""
    if not given.kinds <= {"map"} or not accepted.kinds & {"map"}:
        return
    for name, entry in accepted.fields.items():
        own = given.fields.get(name)
        if entry.required and (own is None or not own.required) and not (own is None and given.closed):
            yield path, f'an event need not have "{name}", which is required'
        elif own is not None:
            if "null" in own.type.kinds and "null" not in entry.type.kinds and not own.type.unknown:
                yield f"{path}.{name}", "it may be null, and null is refused"
            yield from _optional(own.type, entry.type, f"{path}.{name}")


CHECK = Check(CODE, run, each_environment=True)
