"""PromQL texts -> what they read, with the place of each name; and what is known about the metrics that they may read.

The grammar is promql-parser's (that of Prometheus 2.45). Its tree has no positions, so names are found again in the
text. Nothing here knows specs: kinds mark their fields with `PromQL`, `Selector` and `LabelsOf`, checks read the marks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from generator.problems import Place
from runtime.contract import Marker

MetricType = Literal["counter", "gauge", "histogram"]
Operator = Literal["=", "!=", "=~", "!~"]

NAMESPACE = "$namespace"
"""Stands in PromQL for the namespace of the environment that is rendered."""
_GRAFANA = re.compile(r"\[\s*\$__(?:rate_interval|interval|range)\s*")
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')


@dataclass(frozen=True)
class PromQL(Marker):
    """Marks a field that is a PromQL expression."""


@dataclass(frozen=True)
class Selector(Marker):
    """Marks a field that is one metric, with matchers if need be, and which types of metric make sense there."""

    types: tuple[MetricType, ...] = ("counter", "gauge", "histogram")


@dataclass(frozen=True)
class LabelsOf(Marker):
    """Marks a field of label names that the metrics in these fields beside it must have."""

    fields: tuple[str, ...]


# --- what is known about metrics ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Family:
    """A metric as its exporter declares it."""

    name: str
    type: MetricType
    unit: str
    labels: Mapping[str, tuple[str, ...]] = field(hash=False)
    """Label names with all values that there can be; no values where they are open."""
    buckets: tuple[float, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Series:
    """What one name in an expression stands for."""

    family: Family
    kind: Literal["counter", "gauge", "histogram"]
    """`histogram` only for the bare name, which has no samples."""
    labels: Mapping[str, tuple[str, ...]] = field(hash=False)


def series(families: Iterable[Family]) -> Mapping[str, Series]:
    """Return all names that expressions may use: a histogram comes as `_bucket`, `_sum` and `_count`."""
    found: dict[str, Series] = {}
    for family in families:
        found[family.name] = Series(family, family.type, family.labels)
        if family.type == "histogram":
            found[f"{family.name}_bucket"] = Series(family, "counter", {**family.labels, "le": ()})
            found[f"{family.name}_sum"] = Series(family, "counter", family.labels)
            found[f"{family.name}_count"] = Series(family, "counter", family.labels)
    return found


# --- what an expression reads ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matcher:
    """One condition on a label."""

    label: str
    op: Operator
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.op}"{escaped}"'


@dataclass(frozen=True)
class Read:
    """One selector of an expression."""

    metric: str
    """Empty where the selector names no metric."""
    matchers: tuple[Matcher, ...] = ()
    inside: tuple[str, ...] = ()
    """Functions and aggregations around it, innermost first."""

    def text(self, suffix: str = "", extra: Iterable[Matcher] = ()) -> str:
        """Return the selector as PromQL, with a suffix to the name and further matchers."""
        matchers = ",".join(str(m) for m in (*self.matchers, *extra))
        return f"{self.metric}{suffix}{{{matchers}}}" if matchers else f"{self.metric}{suffix}"


@dataclass(frozen=True)
class Grouping:
    """The labels of one `by`, `without`, `on` or `ignoring`, and what is read below it."""

    labels: tuple[str, ...]
    reads: tuple[Read, ...]
    made: frozenset[str]
    """Labels that functions below it make."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    text: str
    tree: Any = field(compare=False, repr=False)
    reads: tuple[Read, ...]
    groupings: tuple[Grouping, ...]


class PromQLError(ValueError):
    """A text is not a PromQL expression; the message is the parser's."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Return an expression with everything that it reads.

    Grafana's `$__rate_interval` and its like count as five minutes.

    Raises:
        PromQLError: the text does not parse, or its types do not fit.
    """
    import promql_parser

    try:
        tree = promql_parser.parse(_GRAFANA.sub("[5m", text))
    except ValueError as error:
        raise PromQLError(str(error)) from None
    walk = _Walk()
    reads = tuple(walk.reads(tree, ()))
    return Expression(text, tree, reads, tuple(walk.groupings))


def selector(text: str) -> Read:
    """Return a text that is one metric with matchers.

    Raises:
        PromQLError: it is something else.
    """
    import promql_parser

    expression = parse(text)
    if not isinstance(expression.tree, promql_parser.VectorSelector) or not expression.reads[0].metric:
        raise PromQLError("this has to be one metric, with matchers in { } if need be, and nothing around it")
    return expression.reads[0]


def scoped(read: Read) -> Read:
    """Return a selector that sees the environment's namespace only, unless it says something about it already."""
    if any(m.label == "namespace" or NAMESPACE in m.value for m in read.matchers):
        return read
    return Read(read.metric, (*read.matchers, Matcher("namespace", "=", NAMESPACE)), read.inside)


class _Walk:
    """Goes through promql-parser's tree."""

    def __init__(self) -> None:
        self.groupings: list[Grouping] = []
        self.made: set[str] = set()

    def reads(self, node: Any, inside: tuple[str, ...]) -> list[Read]:
        match type(node).__name__:
            case "VectorSelector":
                return [_read(node, inside)]
            case "MatrixSelector":
                return [_read(node.vector_selector, inside)]
            case "Call":
                name = node.func.name
                self._makes(name, node.args)
                return [read for argument in node.args for read in self.reads(argument, (name, *inside))]
            case "AggregateExpr":
                found = self.reads(node.expr, (str(node.op), *inside))
                self._group(node.modifier, found)
                return [*found, *(self.reads(node.param, inside) if node.param is not None else [])]
            case "BinaryExpr":
                found = [*self.reads(node.lhs, inside), *self.reads(node.rhs, inside)]
                self._group(node.modifier.matching if node.modifier else None, found)
                return found
            case "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
                return self.reads(node.expr, inside)
            case _:
                return []

    def _group(self, modifier: Any, reads: Iterable[Read]) -> None:
        if modifier is not None and modifier.labels:
            self.groupings.append(Grouping(tuple(modifier.labels), tuple(reads), frozenset(self.made)))

    def _makes(self, function: str, arguments: Any) -> None:
        if function in ("label_replace", "label_join"):
            self.made.add(arguments[1].val)


_OPERATORS: Mapping[str, Operator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def _read(node: Any, inside: tuple[str, ...]) -> Read:
    matchers = tuple(Matcher(m.name, _OPERATORS[str(m.op).rpartition(".")[2]], m.value) for m in node.matchers.matchers)
    return Read(node.name or "", matchers, inside)


def comparison(text: str) -> tuple[str, str, float] | None:
    """Return the left side, operator and number of an expression that compares with a number at its top."""
    tree = parse(text).tree
    if type(tree).__name__ != "BinaryExpr" or type(tree.rhs).__name__ != "NumberLiteral":
        return None
    return (tree.lhs.prettify(), str(tree.op), tree.rhs.val) if str(tree.op) in (">", ">=", "<", "<=", "==") else None


def labels_of(text: str) -> frozenset[str] | None:
    """Return the labels that the result of an expression has; None where it keeps those of its series."""
    return _labels(parse(text).tree)


def _labels(node: Any) -> frozenset[str] | None:
    match type(node).__name__:
        case "AggregateExpr":
            if node.modifier is None:
                return frozenset()
            return frozenset(node.modifier.labels) if str(node.modifier.type).endswith("By") else None
        case "ParenExpr" | "UnaryExpr":
            return _labels(node.expr)
        case "BinaryExpr" if str(node.op) != "or":
            return _labels(node.rhs if type(node.lhs).__name__ == "NumberLiteral" else node.lhs)
        case "Call" if node.func.name in ("vector", "time", "scalar"):
            return frozenset()
        case _:
            return None


# --- places ---------------------------------------------------------------------------------------------------------


def spot(text: str, name: str, place: Place) -> Place:
    """Return where a name (or a quoted value) stands, given the place of the whole expression.

    Exact where the YAML scalar stands on one line without escapes; else the place of the scalar.
    """
    quote = {len(text): 0, len(text) + 2: 1}.get(place.length)
    start = _find(text, name)
    if quote is None or start is None or "\n" in text:
        return place
    return Place(place.file, place.line, place.column + quote + start, len(name))


def _find(text: str, name: str) -> int | None:
    quoted = name[:1] in "\"'"
    blank = text if quoted else _STRINGS.sub(lambda m: " " * len(m[0]), text)
    match = re.search(re.escape(name) if quoted else rf"(?<![\w:]){re.escape(name)}(?![\w:])", blank)
    return match.start() if match else None


def names(text: str) -> Iterator[str]:
    """Yield the Grafana variables that an expression uses, without the built-in ones."""
    yield from dict.fromkeys(n for n in re.findall(r"\$\{?([A-Za-z]\w*)", text) if f"${n}" != NAMESPACE)
