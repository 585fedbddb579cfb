"""documents -> declared specs: which kind each is, and whether it says only what its kind knows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ForwardRef, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from generator import conventions, values
from generator.compose import Broken
from generator.model import Declared, Document, Kind, Loc, Metadata, beside
from generator.problems import Problem, meant, nearest
from generator.references import marked
from runtime.contract import FileRef, Step
from runtime.steps import NODES, AnyStep

_ENVELOPE = ("apiVersion", "kind", "metadata", "spec")

_OBJECTS = re.compile(r"(?!apm/)([a-z0-9.-]+/)?v\d+((alpha|beta)\d+)?")
"""Versions of objects of Kubernetes."""
_ABOUT = {"image-version": "tag"}
"""Codes of findings about a whole mapping that are about one key of it, where that is written."""


def parse(documents: Iterable[Document], kinds: Mapping[str, Kind]) -> tuple[list[Declared], list[Problem]]:
    """Return the specs that are well-formed, and every problem of those that are not."""
    declared: list[Declared] = []
    problems: list[Problem] = []
    strangers: list[Document] = []
    for document in documents:
        if isinstance(document.value, Broken):
            continue
        if not any(key in document.value for key in _ENVELOPE):
            strangers.append(document)
        elif spec := parse_one(document, kinds, problems):
            declared.append(spec)
    return declared, [*problems, *_no_specs(strangers, declared)]


def _no_specs(strangers: Iterable[Document], declared: Iterable[Declared]) -> Iterable[Problem]:
    """Report documents that are no specs, but not those of files that a spec names, such as recorded replies."""
    found = tuple(strangers)
    specs = declared if found else ()
    named = {beside(s.document.file, n) for s in specs for _, _, n in marked(s, FileRef) if isinstance(n, str)}
    for document in found:
        if document.file not in named:
            message = "this is no spec: it has no apiVersion, kind, metadata and spec"
            yield document.problem((), "not-a-spec", message, "what stands beside specs is named by one of them")


def parse_one(document: Document, kinds: Mapping[str, Kind], problems: list[Problem]) -> Declared | None:
    """Return one document as a spec; its problems are added to `problems`."""
    before = len(problems)
    problems += _envelope(document, kinds)
    if len(problems) > before:
        return None
    kind = kinds[document.value["kind"]]
    metadata = _part(document, "metadata", Metadata, problems)
    spec = _part(document, "spec", kind.spec, problems)
    if metadata is None or spec is None:
        return None
    return Declared(kind.name, metadata, spec, document)


def _envelope(document: Document, kinds: Mapping[str, Kind]) -> Iterable[Problem]:
    value = document.value
    if foreign := _foreign(document, kinds):
        yield foreign
        return
    hints = {key: nearest(key, _ENVELOPE) for key in value if key not in _ENVELOPE}
    for key, hint in hints.items():
        fix = document.rename((key,), key, meant(key, set(_ENVELOPE) - value.keys()), key=True)
        yield document.problem((key,), "unknown-key", f'unknown key "{key}"', hint, key=True, fix=fix)
    for key in _ENVELOPE:
        if key not in value and f'did you mean "{key}"?' not in hints.values():
            hint = "every spec has apiVersion, kind, metadata and spec"
            yield document.problem((), "missing-field", f'"{key}" is missing', hint)
    if (version := value.get("apiVersion", conventions.API_VERSION)) != conventions.API_VERSION:
        yield document.problem(("apiVersion",), "api-version", f"apiVersion {version!r} is not known",
                               f"write `apiVersion: {conventions.API_VERSION}`")  # fmt: skip
    kind = value.get("kind")
    if "kind" in value and kind not in kinds:
        fix = document.rename(("kind",), str(kind), meant(str(kind), kinds))
        yield document.problem(("kind",), "unknown-kind", f'unknown kind "{kind}"', nearest(str(kind), kinds), fix=fix)


def _foreign(document: Document, kinds: Mapping[str, Kind]) -> Problem | None:
    """Return what is wrong with an object of Kubernetes; nothing where it is another document."""
    version, kind = document.value.get("apiVersion"), document.value.get("kind")
    if not isinstance(version, str) or not _OBJECTS.fullmatch(version) or not isinstance(kind, str) or kind in kinds:
        return None
    message, hint = f"{kind} of {version} is no spec", "`apm import FILES` makes specs of objects of Kubernetes"
    return document.problem(("apiVersion",), "api-version", message, hint)


def _part(document: Document, key: str, model: type[BaseModel], problems: list[Problem]) -> Any:
    try:
        return model.model_validate(document.value[key])
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems += [_problem(document, key, model, details) for details in _causes(model, document.value[key], found)]
        return None


def _causes(model: type[BaseModel], part: Any, found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return findings without those that only follow from others.

    A field is not missing that is there under a misspelt name, and a list is not empty because its items are refused.
    """
    misspelt = {
        (*_parent(details), meant)
        for details in found
        if details["type"] == "extra_forbidden" and (meant := _meant(model, details["loc"]))
    }
    inside = {d["loc"][:length] for d in found for length in range(len(d["loc"]))}
    return [
        d
        for d in values.one_each(found, part)
        if not (d["type"] == "missing" and (*_parent(d), str(d["loc"][-1])) in misspelt)
        and not (d["type"] == "too_short" and d["loc"] in inside)
    ]


def _parent(details: ErrorDetails) -> tuple[str | int, ...]:
    return details["loc"][:-1]


def _meant(model: type[BaseModel], loc: Sequence[str | int]) -> str | None:
    suggestion = nearest(str(loc[-1]), _known(model, loc))
    return suggestion.split('"')[1] if suggestion.startswith("did") else None


def _problem(document: Document, key: str, model: type[BaseModel], details: ErrorDetails) -> Problem:
    loc = (key, *values.real(document.value[key], details["loc"]))
    kind = details["type"]
    if kind == "missing":
        field = str(details["loc"][-1])
        return document.problem(loc, "missing-field", f'"{field}" is missing', key=True)
    if kind == "extra_forbidden":
        name = str(details["loc"][-1])
        known = _known(model, details["loc"])
        fix = document.rename(loc, name, meant(name, set(known) - _keys(document.value, loc[:-1])), key=True)
        hint = nearest(name, known)
        if details["input"] is None and not hint.startswith("did") and _ends_at_once(document, loc):
            hint = "quote a text with a comma in { }"
        return document.problem(loc, "unknown-key", f'unknown key "{name}"', hint, key=True, fix=fix)
    if kind == "no-verb" and (verb := _misspelt_verb(details["input"])):
        fix = document.rename((*loc, verb), verb, meant(verb, NODES), key=True)
        hint = nearest(verb, NODES)
        return document.problem((*loc, verb), "unknown-key", f'unknown key "{verb}"', hint, key=True, fix=fix)
    if kind in _ABOUT and isinstance(details["input"], Mapping) and values.has(details["input"], _ABOUT[kind]):
        return document.problem((*loc, _ABOUT[kind]), *values.about_value(loc, details))
    found = values.problem(document, key, model, details)
    if found.code == "wrong-type" and kind.startswith("model_") and not found.hint:
        return replace(found, hint=nearest("", _known(model, (*details["loc"], ""))))
    return found


def _ends_at_once(document: Document, loc: Loc) -> bool:
    """Return whether there is nothing behind a key, not even a colon: it is rather a part of a text with a comma."""
    key = document.key_at(loc)
    return document.at(loc) == replace(key, column=key.column + key.length)


def _misspelt_verb(step: Mapping[str, Any]) -> str | None:
    """Return the key of a step without a verb that is a verb's misspelt name."""
    common = {field.alias or name for name, field in Step.model_fields.items()}
    return next((key for key in step if key not in common and key != "with" and meant(str(key), NODES)), None)


def _keys(value: Any, loc: Loc) -> set[str]:
    """Return the keys of the mapping at a path."""
    for part in loc:
        value = cast("Any", value)[part] if isinstance(value, Mapping | list) and values.has(value, part) else None
    return set(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else set()


def _known(model: Any, loc: Sequence[str | int]) -> list[str]:
    """Return the keys that are known where an unknown one stands."""
    annotation: Any = model
    for part in loc[:-1]:
        annotation = _inner(annotation, part)
    model = _only_model(annotation)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _inner(annotation: Any, part: str | int) -> Any:
    """Return the annotation of a field, an item, a value, or the member of a union that a tag names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return next((field.annotation for name, field in fields if part in (field.alias, name)), None)
    if isinstance(annotation, ForwardRef):  # steps inside steps: the union is built after the models that hold it
        annotation = AnyStep
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _inner(args[0], part)
    if origin in (tuple, list) and isinstance(part, int):
        return args[0]
    if origin is dict:
        return args[1]
    tagged = next(
        (arg for arg in args if any(getattr(m, "tag", None) == part for m in getattr(arg, "__metadata__", ()))), None
    )
    if tagged is not None:
        return tagged
    return next((found for arg in args if (found := _inner(arg, part)) is not None), None)


def _only_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _only_model(arg)) is not None), None)
