"""An alert's expression -> situations in which it fires and in which it is silent, for promtool.

Works for a comparison with a number whose left side is made of arithmetic, rates and sums over different metrics: each
metric is given one value, until the comparison holds and until it does not. Everything else is left to people.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.rules.promql import NAMESPACE, Matcher, PromQLError, Read, parse

_PER_SECOND = ("rate", "irate", "deriv", "idelta")
_SAME = (
    "avg_over_time",
    "max_over_time",
    "min_over_time",
    "last_over_time",
    "sum",
    "avg",
    "max",
    "min",
    "abs",
    "ceil",
    "floor",
    "scalar",
    "round",
    "clamp_min",
    "clamp_max",
    "delta",
)
_OPERATORS = {
    ">": float.__gt__,
    ">=": float.__ge__,
    "<": float.__lt__,
    "<=": float.__le__,
    "==": float.__eq__,
    "!=": float.__ne__,
}
_SCALE = (0.0, 1e-3, 1e-2, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 100.0, 1e3, 1e4, 1e6, 1e9, 1e12)


class _UnknownError(Exception):
    """The expression is of a form that is not worked out here."""


def situations(expr: str, pending: int) -> list[dict[str, Any]]:
    """Return a test that fires and one that is silent, or nothing; `pending` in minutes."""
    try:
        tree = parse(expr).tree
        return _absence(tree, pending) or _comparison(tree, pending)
    except (_UnknownError, PromQLError):
        return []


def _absence(tree: Any, pending: int) -> list[dict[str, Any]]:
    if type(tree).__name__ != "Call" or tree.func.name != "absent":
        return []
    ((leaf, _),) = _leaves(tree.args[0])
    at = pending + 5
    there = {_series(leaf): f"1x{at}"}
    return [
        {"name": "there is none", "at": f"{at}m", "fires": True},
        {"name": "it is there", "series": there, "at": f"{at}m", "fires": False},
    ]


def _comparison(tree: Any, pending: int) -> list[dict[str, Any]]:
    if type(tree).__name__ != "BinaryExpr" or type(tree.rhs).__name__ != "NumberLiteral":
        raise _UnknownError
    compare, limit = _OPERATORS.get(str(tree.op)), float(tree.rhs.val)
    leaves = list(_leaves(tree.lhs))
    names = [leaf.name for leaf, _ in leaves]
    if compare is None or not leaves or len(set(names)) < len(names):
        raise _UnknownError
    at = pending + max((window for _, window in leaves), default=0) + 5
    if "time" in _functions(tree.lhs):
        at += math.ceil(limit / 60) + 5
    if at > 20_000 or _differ([leaf for leaf, _ in leaves], tree.lhs):
        raise _UnknownError
    found: dict[bool, Mapping[str, float]] = {}
    for values in _values(names, limit, at):
        result = _value(tree.lhs, values, at)
        if result is not None:
            found.setdefault(bool(compare(result, limit)), values)
        if len(found) == 2:
            return [_test(leaves, found[fires], at, fires=fires) for fires in (True, False)]
    raise _UnknownError


def _differ(leaves: list[Any], tree: Any) -> bool:
    """Return whether series would need different labels, and nothing in the expression takes these away."""
    labels = {tuple(sorted(str(m) for m in _matchers(leaf))) for leaf in leaves}
    return len(labels) > 1 and not _functions(tree) & {"sum", "avg", "max", "min", "scalar"}


def _values(names: list[str], limit: float, at: int) -> Iterator[Mapping[str, float]]:
    """Yield values for all metrics: the first one moves, the others are 1, 100 or 0.01."""
    near = [limit, limit * 1.5, limit / 2, limit + 1, limit - 1, at * 60.0]
    moving = list(dict.fromkeys([*near, *_SCALE]))
    for rest, first in itertools.product((1.0, 100.0, 0.01), moving):
        if first >= 0:
            yield {name: first if index == 0 else rest for index, name in enumerate(names)}


def _test(leaves: list[tuple[Any, int]], values: Mapping[str, float], at: int, *, fires: bool) -> dict[str, Any]:
    series = {_series(leaf): _samples(values[leaf.name], at, counter=window > 0) for leaf, window in leaves}
    return {
        "name": "beyond the limit" if fires else "within the limit",
        "series": series,
        "at": f"{at}m",
        "fires": fires,
    }


def _samples(value: float, at: int, *, counter: bool) -> str:
    number = f"{value * 60 if counter else value:.12g}"
    if "e" in number:
        number = f"{value * 60 if counter else value:.6f}"
    return f"0+{number}x{at}" if counter else f"{number}x{at}"


def _leaves(node: Any, window: int = 0) -> Iterator[tuple[Any, int]]:
    """Yield the selectors of an expression, each with the minutes over which it is counted."""
    match type(node).__name__:
        case "VectorSelector":
            if not node.name:
                raise _UnknownError
            yield node, window
        case "MatrixSelector":
            yield from _leaves(node.vector_selector, max(1, math.ceil(node.range.total_seconds() / 60)))
        case "Call":
            counted = node.func.name in (*_PER_SECOND, "increase", "delta")
            for argument in node.args:
                for leaf, minutes in _leaves(argument, window):
                    yield leaf, minutes if counted else 0
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr":
            yield from _leaves(node.expr, window)
        case "BinaryExpr":
            yield from _leaves(node.lhs, window)
            yield from _leaves(node.rhs, window)
        case "NumberLiteral":
            return
        case _:
            raise _UnknownError


def _functions(node: Any) -> set[str]:
    match type(node).__name__:
        case "Call":
            return {node.func.name}.union(*(_functions(argument) for argument in node.args))
        case "AggregateExpr":
            return {str(node.op)} | _functions(node.expr)
        case "ParenExpr" | "UnaryExpr":
            return _functions(node.expr)
        case "BinaryExpr":
            return _functions(node.lhs) | _functions(node.rhs)
        case _:
            return set()


def _value(node: Any, values: Mapping[str, float], at: int) -> float | None:
    """Return what an expression comes to; None where a division by zero leaves nothing certain."""
    match type(node).__name__:
        case "NumberLiteral":
            return float(node.val)
        case "VectorSelector":
            return values[node.name]
        case "ParenExpr" | "AggregateExpr":
            if type(node).__name__ == "AggregateExpr" and str(node.op) not in _SAME:
                raise _UnknownError
            return _value(node.expr, values, at)
        case "Call":
            return _called(node, values, at)
        case "BinaryExpr":
            return _combined(str(node.op), _value(node.lhs, values, at), _value(node.rhs, values, at))
        case _:
            raise _UnknownError


def _called(node: Any, values: Mapping[str, float], at: int) -> float | None:
    name = node.func.name
    if name == "time":
        return at * 60.0
    argument: Any = node.args[0] if node.args else None
    if type(argument).__name__ == "MatrixSelector":
        seconds = argument.range.total_seconds()
        value = values[argument.vector_selector.name]
        if name in _PER_SECOND:
            return value
        if name in ("increase", "delta"):
            return value * seconds
        return value if name in _SAME else _refuse()
    return _value(argument, values, at) if name in _SAME and len(node.args) == 1 else _refuse()


def _refuse() -> float:
    raise _UnknownError


def _combined(op: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
        case _:
            raise _UnknownError


# --- series -----------------------------------------------------------------------------------------------------------


def _series(leaf: Any) -> str:
    return Read(leaf.name, tuple(_matchers(leaf))).text()


def _matchers(leaf: Any) -> list[Matcher]:
    """Return labels that a selector takes."""
    found: dict[str, Matcher] = {}
    for matcher in leaf.matchers.matchers:
        kind = str(matcher.op).rpartition(".")[2]
        value = matcher.value
        if kind == "Re":
            value = _example(value)
        elif kind in ("NotEqual", "NotRe"):
            value = "other"
            if kind == "NotRe" and re.fullmatch(matcher.value, value):
                raise _UnknownError
        found[matcher.name] = Matcher(matcher.name, "=", value)
    return [found[name] for name in sorted(found) if NAMESPACE not in found[name].value or name == "namespace"]


def _example(pattern: str) -> str:
    """Return a text that a pattern takes."""
    first = pattern.split("|")[0].strip("()^$")
    guesses = [first, re.sub(r"\.[+*]", "x", first), first.replace("..", "00"), first.replace(".", "0"), "x", "500"]
    for guess in guesses:
        try:
            if guess and re.fullmatch(pattern, guess):
                return guess
        except re.error:
            break
    raise _UnknownError
