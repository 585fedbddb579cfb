"""declared specs + an environment's overlay -> the specs of that environment, with places kept."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from generator.model import Catalogue, Declared, Document, Kind, Loc
from generator.parse import parse_one
from generator.problems import Problem, nearest


def overlay(written: Catalogue, environment: Declared, kinds: Mapping[str, Kind]) -> tuple[Catalogue, list[Problem]]:
    """Return the catalogue as one environment sees it.

    An overlay names specs by kind and name and merges into their `spec` (JSON Merge Patch, RFC 7396: null removes).
    A patch of something that is not there is a problem, as is one that makes a spec invalid; the latter is reported
    where the patch stands.
    """
    problems: list[Problem] = []
    patched: dict[tuple[str, str], Declared] = {}
    for kind, names in environment.spec.overlay.items():
        for name, patch in names.items():
            base = written.find(kind, name)
            loc: Loc = ("spec", "overlay", kind, name)
            if base is None and written.is_broken(kind, name):
                continue
            if base is None:
                known = written.names(kind)
                problems.append(_dead(environment, loc, nearest(name, known) if known else nearest(kind, kinds)))
                continue
            problems += _not_there(environment, loc, base.document.value["spec"], patch)
            spec = parse_one(_merged(base.document, patch, environment.document, loc), kinds, problems)
            if spec:
                patched[kind, name] = spec
    specs = tuple(patched.get((s.kind, s.name), s) for s in written.specs)
    return Catalogue(specs, written.files, environment.name, written.unparsed), problems


def _dead(environment: Declared, loc: Loc, hint: str) -> Problem:
    message = f'there is no {loc[-2]} "{loc[-1]}" to overlay'
    return environment.problem(loc, "dead-overlay", message, hint, key=True)


def _not_there(environment: Declared, loc: Loc, base: Any, patch: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what a patch takes away that is not written; it would change nothing, as a misspelt key does."""
    there = cast("Mapping[str, Any]", base if isinstance(base, Mapping) else {})
    for key, value in patch.items():
        if value is None and key not in there:
            message = f'there is no "{key}" to take away from {loc[2]} "{loc[3]}"'
            yield environment.problem((*loc, key), "dead-overlay", message, nearest(key, there), key=True)
        elif isinstance(value, Mapping):
            yield from _not_there(environment, (*loc, key), there.get(key), cast("Mapping[str, Any]", value))


def _merged(base: Document, patch: Mapping[str, Any], over: Document, where: Loc) -> Document:
    def owner(loc: Loc) -> tuple[Document, Loc]:
        inside = loc[1:] if loc[:1] == ("spec",) else ()
        return (over, (*where, *inside)) if inside and _holds(patch, inside) else (base, loc)

    def at(loc: Loc) -> Any:
        document, place = owner(loc)
        return document.at(place)

    def key_at(loc: Loc) -> Any:
        document, place = owner(loc)
        return document.key_at(place)

    def written(loc: Loc, key: bool) -> str:
        document, place = owner(loc)
        return document.written(place, key)

    value = {**base.value, "spec": merge(base.value["spec"], patch)}
    return Document(base.file, value, base.digest, at, key_at, written)


def _holds(value: Any, loc: Sequence[str | int]) -> bool:
    for part in loc:
        if not isinstance(value, Mapping) or part not in value:
            return isinstance(value, list)
        value = cast("Mapping[str | int, Any]", value)[part]
    return True


def merge(base: Any, patch: Any) -> Any:
    """Return `base` with a JSON Merge Patch (RFC 7396) applied."""
    if not isinstance(patch, Mapping):
        return patch
    result: dict[str, Any] = dict(cast("Mapping[str, Any]", base)) if isinstance(base, Mapping) else {}
    for key, value in cast("Mapping[str, Any]", patch).items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def views(written: Catalogue, kinds: Mapping[str, Kind]) -> tuple[list[Catalogue], list[Problem]]:
    """Return the catalogue of every environment, and the problems of their overlays."""
    found = [overlay(written, environment, kinds) for environment in written.all("Environment")]
    return [view for view, _ in found], [problem for _, problems in found for problem in problems]
