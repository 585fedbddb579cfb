"""An address can't be read.

The addresses of tools, models, proxies and sites are absolute URLs with a scheme and a host: network policies are made
of them, and links in alerts start with them. A port is a number from 1 to 65535.

Fix: write it as `https://host:port/path`.

Bad: `url: erp.example.com/articles`, `endpoint: "https://models.example.com:80443/v1"`.

Good: `url: https://erp.example.com/articles`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.references import strings
from generator.rules.addresses import fault

CODE = "unreadable-address"
_SCHEME = re.compile(r"(?i:https?)://")
_FIELDS = (("http", "url"), ("mcp", "url"), ("proxy", "url"), ("spec", "endpoint"))
_ELSEWHERE = frozenset(("System", "Policy", "WorkflowTest"))
"""Their texts are no addresses, or have rules of their own."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each address, as it is written, once."""
    for spec in catalogue.specs:
        if spec.kind not in _ELSEWHERE:
            yield from _wrong(spec)


def _wrong(spec: Declared) -> Iterator[Problem]:
    written: Any = spec.document.value.get("spec")
    for loc, text in strings(written, ("spec",)):
        if _is_address(loc, text) and (what := fault(text)):
            yield spec.problem(loc, CODE, f"this is no address: {what}", "write it as https://host:port/path")


def _is_address(loc: Loc, text: str) -> bool:
    """Whether a text is one: it begins as one and is no prose, or stands where one has to."""
    if loc[-2:] in _FIELDS or loc[:2] == ("spec", "urls"):
        return True
    return bool(_SCHEME.match(text)) and not re.search(r"\s", text) and loc[-1] not in ("$schema", "$id", "$ref")


CHECK = Check(CODE, run)
