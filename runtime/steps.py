"""Steps as data: which verbs there are, and the one union type of all steps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, cast

from pydantic import BeforeValidator, Discriminator, Tag, TypeAdapter
from pydantic_core import PydanticCustomError

from runtime import nodes
from runtime.contract import NodeType, Step
from runtime.problems import Failure
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


def bodies(step: Step) -> tuple[tuple[Step, ...], ...]:
    """Return the lists of steps that this one holds: branches, an item's, those of handlers, those that undo it."""
    fields = vars(step)  # asking a model for what it has not is slow
    branches = fields["parallel"].branches.values() if "parallel" in fields else ()
    each = fields["for_each"].steps if "for_each" in fields else ()
    return (*branches, each, *(handler.do for handler in step.on_error), step.compensate)


def inner(step: Step) -> tuple[Step, ...]:
    """Return the steps that this one holds."""
    return tuple(one for body in bodies(step) for one in body)


def walk(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps and all steps that they hold, in order."""
    for step in steps:
        yield step
        yield from walk(inner(step))


def connected(steps: Sequence[Step], where: str) -> None:
    """Refuse steps that cannot be followed: LangGraph would find out in the middle of a run.

    Raises:
        Failure: two of them have one id, or one goes on to a step that is not beside it.
    """
    known = {step.id for step in steps} | {"end"}
    if len(known) <= len(steps):
        raise Failure(f"{where} has two steps with one id", "rename one of them")
    for step in steps:
        for target in targets(step):
            if target not in known:
                raise Failure(f"{where}: step `{step.id}` goes on to `{target}`, which is not beside it", "")
        for body in bodies(step):
            connected(body, f"{where}/{step.id}")


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
