"""Something is reached without encryption in a protected environment.

Prompts, business data and credentials travel to models, tools and the database. In an environment that the System
lists as protected, or whose `rules.tlsOnly` is set, every address has to be encrypted. Addresses of the pod itself
(`localhost`, `127.0.0.1`) are free here; where a Runtime is deployed, `closed-endpoint` refuses them.

Fix: use https (or `tls: true`); where the other side can't, make an exception with a Waiver that has an end.

Bad: `http: {url: "http://erp.example.com/articles"}`. Good: `http: {url: "https://erp.example.com/articles"}`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.references import strings
from generator.rules.strictness import environment_of, is_strict
from generator.rules.waivers import Waivers

_PLAIN = re.compile(r"(?i:http|ws|ftp|amqp|redis|nats|smtp|ldap|mqtt)://(?!(localhost|127\.0\.0\.1|\[::1\])([:/]|$))")
_NAMES_ONLY = frozenset({"$schema", "$id", "$ref"})
"""Keys of JSON Schemas whose addresses are names: nothing is sent there."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each plain address, and each endpoint with TLS switched off, in a strict environment."""
    if not is_strict(catalogue, "tls_only"):
        return
    waivers = Waivers(catalogue, "plaintext-endpoint")
    hinted = {name for name, text in catalogue.files.items() if "://" in text or "tls" in text}
    environment = environment_of(catalogue)
    over = environment.document.file if environment and environment.spec.overlay else ""
    for spec in catalogue.specs:
        if not hinted & {spec.document.file, over}:
            continue
        if spec.kind in ("Policy", "Waiver") or (spec.kind == "Environment" and spec.name != catalogue.environment):
            continue
        found = list(_in(spec))
        if found and not waivers.cover(spec.kind, spec.name):
            yield from found
    yield from waivers.unused()


def _in(spec: Declared) -> Iterator[Problem]:
    written: Any = spec.document.value.get("spec")
    hint = "encrypt it, or make an exception with a Waiver"
    for loc, text in strings(written, ("spec",)):
        if _PLAIN.match(text) and loc[-1] not in _NAMES_ONLY and "overlay" not in loc[:2]:
            yield spec.problem(loc, "plaintext-endpoint", "this address is not encrypted", hint)
    for loc in _without_tls(written, ("spec",)):
        yield spec.problem(loc, "plaintext-endpoint", "TLS is switched off here", hint)


def _without_tls(value: Any, loc: Loc) -> Iterator[Loc]:
    if isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            if key == "tls" and item is False:
                yield (*loc, key)
            elif key != "overlay":
                yield from _without_tls(item, (*loc, str(key)))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from _without_tls(item, (*loc, index))


CHECK = Check("plaintext-endpoint", run, each_environment=True)
