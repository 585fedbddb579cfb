"""In which order a model's keys are written, and which model stands where."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, ForwardRef, get_args, get_origin

from pydantic import BaseModel

from generator.kinds.alerts import TEMPLATES
from generator.model import Kind, Metadata
from runtime.contract import Step
from runtime.steps import NODES, AnyStep, verb_of

ENVELOPE = ("apiVersion", "kind", "metadata", "spec")
_FIRST = ("id", "description", "when", "maxVisits", "onExhausted")
"""Of a step: what it is and whether it runs; then what it does; then what becomes of it."""
_LAST = ("save", "idempotencyKey", "cache", "timeout", "resilience", "retry", "next", "onError", "compensate")
_SOONER: Mapping[str, tuple[tuple[str, ...], str]] = {
    "ToolSpec": (("secret", "idempotent", "timeout", "approval"), "input"),
    "NotificationsSpec": (("language",), "receivers"),
    "Route": (("severities",), "receiver"),
    "RuntimeSpec": (("apiKeys",), "api"),
    "StateStoreSpec": (("members",), "connection"),
    "SystemSpec": (("podSecurity",), "glossary"),
    "PolicySpec": (("environments",), "match"),
    "OnError": (("goto",), "do"),
    "ForEach": (("maxConcurrency", "toleratedFailures"), "steps"),
}
"""Models in which short settings are written above the long parts that were declared before them."""


class Root:
    """Stands for the annotation of a whole document."""

    def __init__(self, kind: Kind | None) -> None:
        self.parts: Mapping[str, Any] = {"metadata": Metadata, "spec": kind.spec} if kind else {}


def keys(annotation: Any, written: Sequence[str]) -> Sequence[str]:
    """Return the keys of the model that a mapping with these keys is, in order; nothing where names are free."""
    if isinstance(annotation, Root):
        return ENVELOPE if annotation.parts else ()
    model = model_of(annotation, written)
    return _declared(model) if model else ()


def below(annotation: Any, part: str | int, written: Sequence[str] = ()) -> Any:
    """Return the annotation of a value or an item; None where nothing is known of it."""
    if isinstance(annotation, Root):
        return annotation.parts.get(str(part))
    model = model_of(annotation, written) if isinstance(part, str) else None
    if model:
        fields = model.model_fields.items()
        return next((field.annotation for name, field in fields if part == (field.alias or name)), None)
    for one in options(annotation):
        origin, args = get_origin(one), get_args(one)
        if origin in (tuple, list) and isinstance(part, int):
            return args[0]
        if origin is dict and isinstance(part, str):
            return args[1]
    return None


def model_of(annotation: Any, written: Sequence[str]) -> type[BaseModel] | None:
    """Return the model that a mapping with these keys is; None where its keys are free."""
    models = [one for one in options(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
    if any(issubclass(model, Step) for model in models):
        verb = verb_of(dict.fromkeys(written))
        return NODES[verb].step if verb else Step
    fitting = (model for model in models if set(written) <= set(_declared(model)))
    return next(fitting, models[0] if models else None)


def options(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, or the annotation itself."""
    if isinstance(annotation, ForwardRef):  # steps inside steps: the union is built after the models that hold it
        annotation = AnyStep
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from options(args[0])
    elif origin is not None and origin not in (tuple, list, dict):
        for arg in args:
            yield from options(arg)
    else:
        yield annotation


@lru_cache(maxsize=512)
def _declared(model: type[BaseModel]) -> tuple[str, ...]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    if model.__name__ == "AlertSpec":
        return _of_alert(names)
    if not issubclass(model, Step):
        return _sooner(names, *_SOONER.get(model.__name__, ((), "")))
    common = {field.alias or name for name, field in Step.model_fields.items()}
    own = sorted((name for name in names if name not in common), key=lambda name: name not in NODES)  # the verb first
    return (*_FIRST, *own, *_LAST, *(n for n in names if n in common and n not in (*_FIRST, *_LAST)))


def _sooner(names: Sequence[str], moved: Sequence[str], before: str) -> tuple[str, ...]:
    rest = [name for name in names if name not in moved]
    at = rest.index(before) if before in rest else len(rest)
    return (*rest[:at], *(name for name in moved if name in names), *rest[at:])


def _of_alert(names: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of an alert: its condition first."""
    conditions = ("promql", *TEMPLATES)
    return (*conditions, *_sooner([n for n in names if n not in conditions], ("critical",), "summary"))
