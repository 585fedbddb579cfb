"""Expressions of specs and documents: CEL, texts with `${ CEL }`, and prompts in Jinja2.

The runtime evaluates (`evaluate`, `condition`, `value`, `mapping`, `prose`); the generator checks without evaluating
(`check`, `check_template`, `check_prose` return findings with offsets; `references*` return the field paths that are
read). Both compile with the same engine, so what the generator accepts is what the runtime runs. The engines load on
first use: importing this costs nothing.
"""

from runtime.expressions.checking import (
    Finding,
    Reference,
    check,
    check_prose,
    check_template,
    references,
    references_in_prose,
    references_in_template,
)
from runtime.expressions.evaluating import ROOTS, as_text, condition, evaluate, mapping, prose, value

__all__ = [
    "ROOTS",
    "Finding",
    "Reference",
    "as_text",
    "check",
    "check_prose",
    "check_template",
    "condition",
    "evaluate",
    "mapping",
    "prose",
    "references",
    "references_in_prose",
    "references_in_template",
    "value",
]
