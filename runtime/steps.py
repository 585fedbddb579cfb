"""Steps as data: which verbs there are, and the one union type of all steps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Union, cast

from pydantic import BeforeValidator, Discriminator, Tag, TypeAdapter
from pydantic_core import PydanticCustomError

from runtime import nodes
from runtime.contract import NodeType, Step
from runtime.registry import discover

NODES = discover(nodes, "NODE", NodeType)


def verb_of(step: Any) -> str | None:
    """Return the verb of a step, written or parsed; None where it has none, or more than one."""
    if isinstance(step, Step):
        return next(n.name for n in NODES.values() if type(step) is n.step)
    verbs = _verbs(step)
    return verbs[0] if len(verbs) == 1 else None


def _tag_of(step: Any) -> str | None:
    """Tags stand in the places of validation errors, so they are unlike any key."""
    verb = verb_of(step)
    return f"step:{verb}" if verb else None


def name_of(step: Step) -> str:
    """Return the verb of a parsed step."""
    return next(node.name for node in NODES.values() if type(step) is node.step)


def targets(step: Step) -> tuple[str, ...]:
    """Return every step that this one can go on to by name; `end` included, the step below left out."""
    cases = [case.then for case in getattr(step, "switch", ())]
    handlers = [handler.goto for handler in step.on_error]
    named = [step.next, step.on_exhausted, *handlers, *cases, getattr(step, "default", None)]
    return tuple(dict.fromkeys(name for name in named if name))


def inner(step: Step) -> tuple[Step, ...]:
    """Return the steps that this one holds: of its branches, of an item, of its handlers, and those that undo it."""
    branches = getattr(getattr(step, "parallel", None), "branches", {})
    each = getattr(getattr(step, "for_each", None), "steps", ())
    handled = (one for handler in step.on_error for one in handler.do)
    return (*(one for steps in branches.values() for one in steps), *each, *handled, *step.compensate)


def walk(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps and all steps that they hold, in order."""
    for step in steps:
        yield step
        yield from walk(inner(step))


def _verbs(step: Any) -> list[str]:
    return [key for key in NODES if key in step] if isinstance(step, Mapping) else []


def _one_verb(step: Any) -> Any:
    if not isinstance(step, Step) and isinstance(step, Mapping) and verb_of(step) is None:
        verbs = _verbs(step)
        if verbs:
            both = {"verbs": "` and `".join(verbs)}
            raise PydanticCustomError("two-verbs", "a step does one thing, this one has `{verbs}`", both)
        raise PydanticCustomError("no-verb", "a step needs one of {known}", {"known": ", ".join(NODES)})
    return cast("Any", step)


AnyStep: Any = Annotated[
    Union[tuple(Annotated[n.step, Tag(f"step:{n.name}")] for n in NODES.values())],  # noqa: UP007  (built at run time)
    Discriminator(_tag_of, custom_error_type="wrong-type", custom_error_message="a step is a mapping"),
    BeforeValidator(_one_verb),
]
for _node in NODES.values():
    _node.step.model_rebuild(_types_namespace={"AnyStep": AnyStep})

_STEPS: TypeAdapter[tuple[Step, ...]] = TypeAdapter(
    tuple[AnyStep, ...]  # pyright: ignore[reportInvalidTypeForm, reportUnknownArgumentType]  (built at run time)
)


def parse(steps: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return steps as the models of their verbs.

    Raises:
        pydantic.ValidationError: a step is not valid.
    """
    return _STEPS.validate_python(tuple(steps))
