"""The type of an expression, and what is wrong in it.

The engine itself checks against types that are declared; JSON has unions, optional fields and enums that it has no
words for, so this walks the same tree with the types of `types.py`. It reports only what goes wrong whatever the values
are, and optional data that nothing guards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generator.problems import meant, nearest
from generator.workflows import types
from generator.workflows.comparisons import never_equal, never_in
from generator.workflows.functions import OPERATORS, RESULTS, TEXTS, WORDS
from generator.workflows.guards import NONE, Facts, known, path_of, there
from generator.workflows.types import ANY, NOTHING, Field, Type, join, of
from runtime.expressions.tree import Node, extent

BOOL = of("bool")
_NUMBERS = frozenset(["int", "double"])


@dataclass(frozen=True)
class Finding:
    """What is wrong with a part of an expression: offset in its text, length, and what to do."""

    code: str
    offset: int
    length: int
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Inference:
    """Reads one expression; `roots` are the types of the names that it starts from."""

    source: str
    roots: Mapping[str, Type]
    elsewhere: frozenset[str] = frozenset()
    """Roots whose unknown fields are reported by another check."""
    found: list[Finding] = field(default_factory=list[Finding])

    def type_of(self, node: Node, facts: Facts, bound: Mapping[str, Type] = {}) -> Type:
        """Return the type of a part, and keep what is wrong with it."""
        return _RULES[node.kind](self, node, facts, bound)

    def add(self, code: str, node: Node, message: str, hint: str = "") -> None:
        """Keep a finding at a part."""
        offset, length = extent(self.source, node)
        self.found.append(Finding(code, offset, length, message, hint))

    def text(self, node: Node) -> str:
        """Return a part as it is written."""
        offset, length = extent(self.source, node)
        return self.source[offset : offset + length]

    # --- parts ------------------------------------------------------------------------------------------------------

    def constant(self, node: Node, _: Facts, __: Mapping[str, Type]) -> Type:
        """A literal."""
        return types.constant(node.value)

    def ident(self, node: Node, _: Facts, bound: Mapping[str, Type]) -> Type:
        """A root, or a variable."""
        return bound.get(node.name) or self.roots.get(node.name, ANY)

    def select(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """A field, or `has()` of it."""
        holder = self.present(node.parts[0], facts, bound)
        if node.tested:
            if node.name not in holder.fields:
                self._missing(node, node.name, holder, ", so this is never there")
            return BOOL
        return self._field(node, node.name, holder, facts)

    def _field(self, node: Node, name: str, holder: Type, facts: Facts) -> Type:
        what = self.text(node.parts[0])
        if "map" not in holder.kinds:
            if holder.kinds:
                self.add("expression-type", node, f"`{what}` is {holder.words()}, it has no fields")
            return ANY
        entry = holder.fields.get(name)
        if entry is None:
            self._unknown(node, name, holder, facts)
            return replace(ANY, origin=holder.origin and types.below(holder.origin, name))
        path = path_of(node)
        safe = path is not None and there(path, facts)
        if not entry.required and not safe:
            self.add("missing-guard", node, f"`{what}` need not have \"{name}\"; without it this fails",
                     f"test it first: has({self.text(node)}) ? {self.text(node)} : ...")  # fmt: skip
        return types.without_null(entry.type) if safe else entry.type

    def _unknown(self, node: Node, name: str, holder: Type, facts: Facts) -> None:
        path = path_of(node) or ("",)
        self._missing(node, name, holder)
        tested = [fact[-1] for fact in facts if fact[:-1] == path[:-1] and len(path) > 1]
        if not holder.closed and path not in facts and (other := meant(name, tested)):
            message = f'this reads "{name}", and what was tested is "{other}"'
            self.add("missing-guard", node, message, f'did you mean "{other}"?')

    def _missing(self, node: Node, name: str, holder: Type, so: str = "") -> None:
        path = path_of(replace(node, tested=False)) or ("",)
        # Of the state, only its own fields are looked at elsewhere, not what is inside them.
        elsewhere = path[0] in self.elsewhere and (path[0] != "state" or len(path) == 2)
        if holder.closed and not elsewhere:
            offset, length = extent(self.source, node)
            at, size = (offset + length - len(name), len(name)) if node.kind == "select" else (offset, length)
            message = f'{self.text(node.parts[0])} has no field "{name}"{so}'
            self.found.append(Finding("unknown-field", at, size, message, nearest(name, holder.fields)))

    def present(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """Return the type of a part that must not be null, and report it where it may be."""
        found = self.type_of(node, facts, bound)
        path = path_of(node)
        if found.nullable and not (path and there(path, facts)):
            if found.kinds == types.NULL.kinds:
                self.add("expression-type", node, f"`{self.text(node)}` is always null")
                return ANY
            message = f"`{self.text(node)}` may be null; then this fails"
            self.add("missing-guard", node, message, f"test it first: {self.text(node)} != null")
        return types.without_null(found)

    def call(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """An operator or a function."""
        rule = _CALLS.get(node.name)
        if rule:
            return rule(self, node, facts, bound)
        parts = [self.present(part, facts, bound) for part in node.parts]
        if node.name in OPERATORS:
            return self._operated(node, parts)
        if node.name in TEXTS and node.target and not parts[0].kinds & TEXTS[node.name]:
            self._mismatch(node, parts[:1])
        return RESULTS.get(node.name, ANY)

    def _operated(self, node: Node, parts: list[Type]) -> Type:
        """An operator: the results of all signatures that fit."""
        fitting = [signature for signature in OPERATORS[node.name]
                   if len(signature) == len(parts) + 1
                   and all(kind in part.kinds for kind, part in zip(signature, parts, strict=False))]  # fmt: skip
        if not fitting and all(part.kinds for part in parts):
            self._mismatch(node, parts)
            return ANY
        if node.name == "_+_" and all(part.kinds <= {"list"} for part in parts):
            return of("list", items=join(part.items or ANY for part in parts))
        return of(*(signature[-1] for signature in fitting)) if not any(p.unknown for p in parts) else ANY

    def _mismatch(self, node: Node, parts: list[Type]) -> None:
        words = " and ".join(part.words() for part in parts)
        mixed = node.name in ("_+_", "_-_", "_*_", "_/_") and all(part.kinds <= _NUMBERS for part in parts)
        hint = "write the whole number as 2.0, or convert it with double()" if mixed else ""
        what = WORDS.get(node.name, f"`{node.name}()`")
        named = node.name.isidentifier()  # a function is marked by its name, which stands in front of the bracket
        spot = (self.source.rfind(node.name, 0, node.offset), len(node.name)) if named else extent(self.source, node)
        self.found.append(Finding("expression-type", *spot, f"{what} can't be used on {words}", hint))

    def conjunction(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`&&` and `||`: each side is read knowing what the others say, since CEL reads them in any order."""
        holds = node.name == "_&&_"
        for part in node.parts:
            others = [known(other, holds=holds) for other in node.parts if other is not part]
            self.truth(part, facts.union(*others), bound)
        return BOOL

    def negation(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`!`."""
        self.truth(node.parts[0], facts, bound)
        return BOOL

    def truth(self, node: Node, facts: Facts, bound: Mapping[str, Type] = {}) -> None:
        """Read a condition, and report one that is no truth value."""
        found = self.present(node, facts, bound)
        if "bool" not in found.kinds and found.kinds:
            self.add("expression-type", node, f"`{self.text(node)}` is {found.words()}, a condition is a truth value")

    def choice(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`a ? b : c`."""
        condition, yes, no = node.parts
        self.truth(condition, facts, bound)
        return join([
            self.type_of(yes, facts | known(condition, holds=True), bound),
            self.type_of(no, facts | known(condition, holds=False), bound),
        ])  # fmt: skip

    def index(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`a[b]`: a field, an entry or an item."""
        holder = self.present(node.parts[0], facts, bound)
        key = self.present(node.parts[1], facts, bound)
        if isinstance(node.parts[1].value, str) and "list" not in holder.kinds:
            return self._field(node, node.parts[1].value, holder, facts)
        if not holder.kinds & {"map", "list"} and holder.kinds:
            self.add("expression-type", node, f"`{self.text(node.parts[0])}` is {holder.words()}, it has no entries")
            return ANY
        if holder.kinds <= {"list"}:
            if not key.kinds & _NUMBERS and key.kinds:
                self._mismatch(node, [holder, key])
            return holder.items or ANY
        if holder.kinds <= {"map"} and holder.closed and holder.fields:
            for name in key.scalars or ():
                if name not in holder.fields:
                    self._unknown(node, str(name), holder, facts)
            return join(entry.type for entry in holder.fields.values())
        return ANY

    def fold(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`all`, `exists`, `map` and `filter`: the step is read once, for any item."""
        over, first, condition, step, result = node.parts
        listed = self.present(over, facts, bound)
        accumulator, second = node.extra
        start = self.type_of(first, facts, bound)
        wide = of(*start.kinds, items=NOTHING) if start.kinds <= {"list"} else of(*start.kinds)
        inside = {**bound, node.name: _item(listed), accumulator: wide, **({second: ANY} if second else {})}
        outer = frozenset(path for path in facts if path[0] != node.name)
        self.type_of(condition, outer, inside)
        if not listed.kinds & {"list", "map"} and listed.kinds:
            self.add("expression-type", over, f"`{self.text(over)}` is {listed.words()}, not a list")
            return ANY
        after = join([wide, self.type_of(step, outer, inside)])
        longest = listed.max_items if listed.kinds <= {"list"} and after.kinds <= {"list"} else None
        return replace(self.type_of(result, outer, {**inside, accumulator: after}), max_items=longest)

    def listing(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`[a, b]`."""
        items = [self.type_of(part, facts, bound) for part in node.parts]
        return of("list", items=join(items), max_items=len(items))

    def mapping(self, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
        """`{'a': b}`."""
        keys, values = node.parts[::2], node.parts[1::2]
        found = [self.type_of(value, facts, bound) for value in values]
        if any(not isinstance(key.value, str) for key in keys):
            return of("map")
        return types.obj({key.value: Field(value) for key, value in zip(keys, found, strict=True)})


def _item(listed: Type) -> Type:
    """Return what a fold over it sees: the items of a list, or the keys of an object."""
    if listed.kinds <= {"list"}:
        return listed.items or ANY
    if listed.kinds <= {"map"}:
        return of("string", values=tuple(listed.fields) if listed.closed else None)
    return ANY


Rule = Callable[[Inference, Node, Facts, Mapping[str, Type]], Type]
_RULES: Mapping[str, Rule] = {
    "const": Inference.constant, "ident": Inference.ident, "select": Inference.select, "call": Inference.call,
    "list": Inference.listing, "map": Inference.mapping, "fold": Inference.fold,
}  # fmt: skip


def _equality(self: Inference, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
    left, right = (self.type_of(part, facts, bound) for part in node.parts)
    for message, hint in never_equal(self, node, left, right):
        self.add("constant-condition", node, message, hint)
    return BOOL


def _membership(self: Inference, node: Node, facts: Facts, bound: Mapping[str, Type]) -> Type:
    left, right = self.type_of(node.parts[0], facts, bound), self.present(node.parts[1], facts, bound)
    if not right.kinds & {"list", "map"} and right.kinds:
        self.add("expression-type", node.parts[1], f"`{self.text(node.parts[1])}` is {right.words()}, not a list")
        return BOOL
    for part, message, hint in never_in(self, node, left, right):
        self.add("constant-condition", part, message, hint)
    return BOOL


_CALLS: Mapping[str, Rule] = {
    "_&&_": Inference.conjunction, "_||_": Inference.conjunction, "!_": Inference.negation, "_?_:_": Inference.choice,
    "_[_]": Inference.index, "_==_": _equality, "_!=_": _equality, "@in": _membership,
    "@not_strictly_false": lambda self, node, facts, bound: BOOL,
    "dyn": lambda self, node, facts, bound: self.type_of(node.parts[0], facts, bound),
}  # fmt: skip


def infer(
    source: str,
    node: Node,
    roots: Mapping[str, Type],
    facts: Facts = NONE,
    elsewhere: frozenset[str] = frozenset(),
    *,
    condition: bool = False,
) -> tuple[Type, tuple[Finding, ...]]:
    """Return the type of an expression and what is wrong with it."""
    reader = Inference(source, roots, elsewhere)
    if condition:
        reader.truth(node, facts)
        return BOOL, _unique(reader.found)
    found: Any = reader.type_of(node, facts)
    return found, _unique(reader.found)


def _unique(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(found))
