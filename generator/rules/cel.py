"""The CEL environment of policies: Google's engine, and the functions of Kubernetes that policies of ours use.

Kubernetes' own types (quantities, addresses) are texts and mappings here: a policy can't tell the difference as long as
it only passes them to these functions. What is missing is refused when a policy is compiled.
"""

import ipaddress
import re
from decimal import Decimal
from functools import cache
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d+))?")
_SUFFIXES = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def quantity(text: str) -> Decimal:
    """Return the value of a Kubernetes quantity.

    Raises:
        ValueError: it is none.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no quantity")
    number, suffix, exponent = Decimal(match[1]), match[2], match[3]
    if suffix in _BINARY:
        return number * 1024 ** (_BINARY.index(suffix) + 1)
    return number.scaleb(_SUFFIXES.get(suffix or "", 0) + int(exponent or 0))


def _is(read: Any, text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _plain(value: Any) -> Any:
    """Return what the engine passes as plain values, also inside lists."""
    if hasattr(value, "plain_value"):
        return value.plain_value()
    return [_plain(item) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


def _number(value: Any) -> Decimal:
    return quantity(str(_plain(value)["quantity"]))


def _compare(one: Any, other: Any) -> int:
    left, right = _number(one), _number(other)
    return (left > right) - (left < right)


@cache
def environment() -> Any:
    """Return the environment in which policies are compiled."""
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional, ext_strings

    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional(), ext_bindings.ExtBindings(),
                  ext_math.ExtMath(), ext_encoders.ExtEncoders()]  # fmt: skip
    names = {"object": cel.Type.DYN, "variables": cel.Type.DYN}
    return cel.NewEnv(variables=names, extensions=extensions, functions=_functions(cel))


def _functions(cel: Any) -> list[Any]:
    kind = cel.Type
    amount, items = kind.Map(kind.STRING, kind.STRING), kind.List(kind.DYN)

    def of(name: str, result: Any, parameters: list[Any], run: Any, *, member: bool = False, id_: str = "") -> Any:
        return cel.FunctionDecl(name, [cel.Overload(id_ or f"apm_{name}", result, parameters, member, impl=run)])

    return [
        of("quantity", amount, [kind.STRING], _read_quantity),
        of("isQuantity", kind.BOOL, [kind.STRING], _is_quantity),
        of("isGreaterThan", kind.BOOL, [amount, amount], _greater, member=True),
        of("isLessThan", kind.BOOL, [amount, amount], _less, member=True),
        of("compareTo", kind.INT, [amount, amount], _compare, member=True),
        of("isIP", kind.BOOL, [kind.STRING], _is_ip),
        of("isCIDR", kind.BOOL, [kind.STRING], _is_cidr),
        of("find", kind.STRING, [kind.STRING, kind.STRING], _find, member=True),
        of("sets.contains", kind.BOOL, [items, items], _contains, id_="apm_sets_contains"),
        of("sets.intersects", kind.BOOL, [items, items], _intersects, id_="apm_sets_intersects"),
    ]


def _read_quantity(text: str) -> dict[str, str]:
    return {"quantity": format(quantity(text).normalize(), "f")}


def _is_quantity(text: str) -> bool:
    return _is(quantity, text)


def _greater(one: Any, other: Any) -> bool:
    return _compare(one, other) > 0


def _less(one: Any, other: Any) -> bool:
    return _compare(one, other) < 0


def _is_ip(text: str) -> bool:
    return _is(ipaddress.ip_address, text)


def _is_cidr(text: str) -> bool:
    return _is(ipaddress.ip_network, text)


def _find(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    return match[0] if match else ""


def _contains(one: Any, other: Any) -> bool:
    there = _plain(one)
    return all(item in there for item in _plain(other))


def _intersects(one: Any, other: Any) -> bool:
    there = _plain(one)
    return any(item in there for item in _plain(other))
