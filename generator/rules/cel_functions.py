"""What functions there are in expressions and in policies, and how they are written; to tell what was meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.expressions.engines import ROOTS

Forms = Mapping[str, Sequence[str]]
"""Ways to write a function, by its name; `a.b.f()` is a function `f` of a value unless `a.b.f` is a name here."""


def _forms(*written: str) -> Forms:
    """Return forms by name; `A | B` are two forms of the one function."""
    found: dict[str, Sequence[str]] = {}
    for entry in written:
        forms = entry.split(" | ")
        name = forms[0].partition("(")[0]
        found[name if name.partition(".")[0] in ("math", "strings", "sets", "cel") else name.rpartition(".")[2]] = forms
    return found


_TIME = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours",
         "getMinutes", "getSeconds", "getMilliseconds")  # fmt: skip
COMMON = _forms(
    "value.size() | size(value)", "text.startsWith(text)", "text.endsWith(text)", "text.contains(text)",
    "text.matches(pattern) | matches(text, pattern)", "text.lowerAscii()", "text.upperAscii()", "text.trim()",
    "text.replace(text, text) | text.replace(text, text, number)",
    "text.substring(start) | text.substring(start, end)", "text.split(text) | text.split(text, number)",
    "text.charAt(number)", "text.indexOf(text) | text.indexOf(text, start)",
    "text.lastIndexOf(text) | text.lastIndexOf(text, start)", "text.format(list)", "list.join() | list.join(text)",
    "text.reverse()", "strings.quote(text)", "bool(value)", "int(value)", "uint(value)", "double(value)",
    "string(value)", "bytes(text)", "duration(text)", "timestamp(text)", "type(value)", "dyn(value)",
    *(f"time.{name}() | time.{name}(zone)" for name in _TIME),
    *(f"math.{name}(number)" for name in ("ceil", "floor", "round", "abs", "sign", "trunc", "isNaN", "isInf", "sqrt")),
    "math.greatest(number, number) | math.greatest(list)", "math.least(number, number) | math.least(list)",
    "list.all(x, condition)", "list.exists(x, condition)", "list.exists_one(x, condition)", "list.filter(x, condition)",
    "list.map(x, value) | list.map(x, condition, value)", "has(object.field)",
)  # fmt: skip
FOREIGN = {
    "len": "size", "length": "size", "count": "size", "lower": "lowerAscii", "toLowerCase": "lowerAscii",
    "upper": "upperAscii", "toUpperCase": "upperAscii", "includes": "contains", "any": "exists", "float": "double",
    "str": "string",
}  # fmt: skip
"""Names that functions have in other languages."""
MACROS = ("all", "exists", "exists_one", "filter", "map")
"""Functions that give names to what they go through; written otherwise, those names are unknown too."""
_KUBERNETES = _forms(
    "quantity(text)", "isQuantity(text)", "quantity.isGreaterThan(quantity)", "quantity.isLessThan(quantity)",
    "quantity.compareTo(quantity)", "isIP(text)", "isCIDR(text)", "text.find(pattern)", "sets.contains(list, list)",
    "sets.intersects(list, list)", "optional.orValue(value)", "optional.hasValue()", "optional.value()",
    "cel.bind(x, value, value)",
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What expressions may name: where they start from, and functions."""

    roots: Sequence[str]
    functions: Forms


EXPRESSIONS = Names(ROOTS, COMMON)
POLICIES = Names(("object", "variables"), {**COMMON, **_KUBERNETES})
