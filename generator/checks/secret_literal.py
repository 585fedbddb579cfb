"""A credential stands in the specs.

Whatever is committed can be read by everybody with access to the repository, for ever: it stays in the history when
the line is changed. Specs therefore name secrets (`secret: name/key`) and never hold them. All texts below `specs/`
and `policies/` are looked at, comments, prompts and schemas too: addresses with a password, webhooks of chat
services, private keys, tokens in the form of well-known services, and values under keys such as `password`, `token`
or `apiKey`. The value itself is never printed.

Fix: put the credential into a secret of the cluster and name that; then make the old one useless, since it is known.

Bad:

    connection: {uri: "mongodb://apm:<the password>@db.example.com/apm"}

Good:

    connection: {secret: mongodb-credentials/uri}
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from generator.model import Catalogue, Check, Declared, Loc
from generator.places import place_at
from generator.problems import Problem
from generator.rules import secrecy

_HINT = "name a secret instead, as name/key, and replace the credential: it is in the history now"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each credential once, where it stands."""
    for name, text in catalogue.files.items():
        for start, end, what in _found(text):
            yield Problem(place_at(name, text, start, end - start), "secret-literal", f"this looks like {what}", _HINT)
    hinted = {name for name, text in catalogue.files.items() if secrecy.may_have_keys(text)}
    for spec in catalogue.specs:
        if spec.document.file in hinted:
            yield from _under_keys(spec, spec.document.value, ())


@lru_cache(maxsize=16_384)
def _found(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return start, end and form of each credential; kept, as most files are the same at the next look."""
    hits = [*secrecy.find(text), *secrecy.find_assigned(text)]
    ends = secrecy.merged((hit.start, hit.end) for hit in hits)
    return tuple((start, end, next(hit.what for hit in hits if hit.start == start)) for start, end in ends)


def _under_keys(spec: Declared, value: Any, loc: Loc) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        for key, item in _named(cast("Mapping[str, Any]", value)):
            if isinstance(item, str | int | float):
                if secrecy.is_literal(key, item) and not any(secrecy.find(str(item))):
                    at = (*loc, key) if key in value else (*loc, "value")
                    yield spec.problem(at, "secret-literal", f'this looks like a credential, under "{key}"', _HINT)
            else:
                yield from _under_keys(spec, item, (*loc, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            if not isinstance(item, str | int | float):
                yield from _under_keys(spec, item, (*loc, index))


def _named(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield keys with their values; `{name: DB_PASSWORD, value: x}` counts as DB_PASSWORD."""
    yield from value.items()
    if "value" in value and isinstance(value.get("name"), str) and value["name"] not in value:
        yield value["name"], value["value"]


CHECK = Check("secret-literal", run)
