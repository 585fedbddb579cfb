"""What is known of a value before it exists: read from JSON Schemas, declared state and constants.

A type says what a value can be, never more than that: `ANY` where nothing is known. Values are those of CEL, so whole
numbers (`int`) and others (`double`) are apart.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

KINDS = ("null", "bool", "int", "double", "string", "list", "map", "other")
_WORDS = {"bool": "a truth value", "int": "a whole number", "double": "a number with a fraction", "string": "a text",
          "list": "a list", "map": "an object", "null": "null", "other": "a value of another kind"}  # fmt: skip
_JSON = {"null": ("null",), "boolean": ("bool",), "integer": ("int",), "number": ("int", "double"),
         "string": ("string",), "array": ("list",), "object": ("map",), "any": KINDS}  # fmt: skip
_DEEP = 12
"""Levels of a schema that are looked into; below, everything is possible (and schemas that hold themselves end)."""
_PARTS = 5000
"""Parts of a schema that are looked at, all told: one that refers to itself a few times in each level has billions."""


@dataclass(frozen=True)
class Origin:
    """An open text that a model writes: which spec says what it may be, and the path of the field there."""

    kind: str
    name: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Field:
    """One field of an object."""

    type: "Type"
    required: bool = True


class Fields(Mapping[str, Field]):
    """Fields that are computed when they are asked for."""

    def __init__(self, names: Iterable[str], compute: Callable[[str], Field]) -> None:
        self._names, self._compute = tuple(names), compute

    def __getitem__(self, name: str) -> Field:
        if name not in self._names:
            raise KeyError(name)
        return self._compute(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, eq=False)
class Type:
    """What a value can be."""

    kinds: frozenset[str]
    values: tuple[Any, ...] | None = None
    """All that it can be besides null, lists and objects; None where that is not known."""
    fields: Mapping[str, Field] = field(default_factory=dict[str, Field])
    closed: bool = False
    """An object has no other fields."""
    items: "Type | None" = None
    """What a list holds; None where that is not known."""
    max_items: int | None = None
    origin: Origin | None = None

    @property
    def scalars(self) -> tuple[Any, ...] | None:
        """All plain values besides null that it can be; None where that is not known."""
        return () if self.values is None and self.kinds <= {"null", "list", "map"} else self.values

    @property
    def nullable(self) -> bool:
        """Whether it is known that it can be null, among known other things."""
        return "null" in self.kinds and not self.unknown

    @property
    def unknown(self) -> bool:
        """Whether it can be anything."""
        return len(self.kinds) == len(KINDS)

    def words(self) -> str:
        """Return what it is, for people."""
        found = [_WORDS[kind] for kind in KINDS if kind in self.kinds]
        if {"int", "double"} <= self.kinds:
            found = [word for word in found if word not in (_WORDS["int"], _WORDS["double"])] + ["a number"]
        return " or ".join(found) or "nothing"


ANY = Type(frozenset(KINDS))
NULL = Type(frozenset(["null"]), values=())
NOTHING: Type = Type(frozenset())
"""What an empty list holds."""


def of(*kinds: str, **more: Any) -> Type:
    """Return a type of these kinds."""
    return Type(frozenset(kinds), **more)


def constant(value: Any) -> Type:
    """Return the type of one plain value, as JSON or YAML has it."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return obj({str(key): Field(constant(item)) for key, item in entries.items()})
    if isinstance(value, list | tuple):
        listed = cast("Iterable[Any]", value)
        items = [constant(item) for item in listed]
        return of("list", items=join(items), max_items=len(items))
    kind = {type(None): "null", bool: "bool", int: "int", float: "double", str: "string"}.get(
        cast("type[Any]", type(value)), "other"
    )
    return of(kind, values=() if value is None else (value,))


def obj(fields: Mapping[str, Field]) -> Type:
    """Return the type of an object with these fields and no others."""
    return of("map", fields=fields, closed=True)


def join(types: Iterable[Type]) -> Type:
    """Return the type of a value that has one of these types; `NOTHING` of none."""
    found = NOTHING
    for one in types:
        found = _join(found, one)
    return found


def _join(left: Type, right: Type) -> Type:
    if not left.kinds or not right.kinds:
        return right if not left.kinds else left
    values = _values(left, right)
    fields, closed = _fields(left, right)
    items = left.items if "list" not in right.kinds else right.items if "list" not in left.kinds else None
    if left.items is not None and right.items is not None:
        items = _join(left.items, right.items)
    longest = None if left.max_items is None or right.max_items is None else max(left.max_items, right.max_items)
    if "list" not in left.kinds or "list" not in right.kinds:
        longest = right.max_items if "list" in right.kinds else left.max_items
    return Type(left.kinds | right.kinds, values, fields, closed, items, longest, left.origin or right.origin)


def _values(left: Type, right: Type) -> tuple[Any, ...] | None:
    if left.scalars is None or right.scalars is None:
        return None
    # 1 and True are equal to Python and no duplicates here.
    found: dict[tuple[bool, Any], Any] = {}
    for value in (*left.scalars, *right.scalars):
        found.setdefault((isinstance(value, bool), value), value)
    return tuple(found.values())


def _fields(left: Type, right: Type) -> tuple[Mapping[str, Field], bool]:
    if "map" not in left.kinds or "map" not in right.kinds:
        one = right if "map" in right.kinds else left
        return one.fields, one.closed
    names = dict.fromkeys((*left.fields, *right.fields))
    found: dict[str, Field] = {}
    for name in names:
        sides = [side.fields.get(name) for side in (left, right)]
        known = [side for side in sides if side is not None]
        open_ = any(side is None and not of_.closed for side, of_ in zip(sides, (left, right), strict=True))
        required = len(known) == 2 and all(side.required for side in known)
        found[name] = Field(ANY if open_ else join(side.type for side in known), required)
    return found, left.closed and right.closed


def without_null(found: Type) -> Type:
    """Return the type of a value that was tested not to be null."""
    return replace(found, kinds=found.kinds - {"null"}) if found.nullable else found


def within(found: Type, declared: Type, *, longest: bool) -> Type:
    """Return what is left of a type where others are refused; `longest` keeps what is known of a list's length."""
    kinds = found.kinds & (declared.kinds | {"null"})
    if not kinds:
        return declared
    return replace(found, kinds=kinds, max_items=found.max_items if longest else None)


def declared(kind: str) -> Type:
    """Return the type of a state field that is declared so."""
    return of(*_JSON[kind])


def from_schema(schema: Any, origin: Origin | None = None) -> Type:
    """Return what a JSON Schema accepts; `origin` is set where a model writes it."""
    return _Schema(schema).read(schema, origin, 0)


@dataclass
class _Schema:
    """Reads one schema; `root` is what its references start from."""

    root: Any
    left: int = _PARTS

    def read(self, schema: Any, origin: Origin | None, depth: int) -> Type:
        """Return what a part of the schema accepts."""
        self.left -= 1
        if not isinstance(schema, Mapping) or depth > _DEEP or self.left < 0:
            return replace(ANY, origin=origin)
        form = cast("Mapping[str, Any]", schema)
        if isinstance(form.get("$ref"), str):
            return self.read(_pointed(self.root, form["$ref"]), origin, depth + 1)
        for key in ("anyOf", "oneOf"):
            if isinstance(form.get(key), list) and form[key] and not form.keys() & {"properties", "enum", "const"}:
                return join(self.read(one, origin, depth + 1) for one in form[key])
        if form.keys() & {"allOf", "if", "$dynamicRef", "not"}:
            return replace(of(*_kinds(form)), origin=origin)
        if "const" in form or isinstance(form.get("enum"), list):
            return _constants(form["enum"] if isinstance(form.get("enum"), list) else [form["const"]])
        fields, closed = self._properties(form, origin, depth)
        items = self.read(form["items"], below(origin, "*"), depth + 1) if "items" in form else None
        longest = form.get("maxItems") if isinstance(form.get("maxItems"), int) else None
        return Type(frozenset(_kinds(form)), None, fields, closed, items, longest, origin)

    def _properties(
        self, form: Mapping[str, Any], origin: Origin | None, depth: int
    ) -> tuple[Mapping[str, Field], bool]:
        written, needed = form.get("properties"), form.get("required")
        known: Mapping[str, Any] = cast("Mapping[str, Any]", written) if isinstance(written, Mapping) else {}
        required = cast("list[Any]", needed) if isinstance(needed, list) else []
        fields = {
            name: Field(self.read(one, below(origin, name), depth + 1), name in required) for name, one in known.items()
        }
        open_ = form.keys() & {"patternProperties", "unevaluatedProperties", "dependentSchemas"}
        closed = form.get("additionalProperties") is False and not open_
        # As known_fields does: a schema that lists properties and says nothing of others means those.
        return fields, closed or ("properties" in form and "additionalProperties" not in form and not open_)


def _kinds(form: Mapping[str, Any]) -> tuple[str, ...]:
    written = form.get("type")
    if isinstance(written, str):
        return _JSON.get(written, KINDS)
    if isinstance(written, list):
        names = cast("list[Any]", written)
        return tuple(kind for name in names for kind in _JSON.get(str(name), KINDS))
    return ("map",) if "properties" in form else ("list",) if "items" in form else KINDS


def _constants(values: Iterable[Any]) -> Type:
    return join(constant(value) for value in values)


def below(origin: Origin | None, name: str) -> Origin | None:
    """Return the place of a field below an origin."""
    return replace(origin, path=(*origin.path, name)) if origin else None


def _pointed(root: Any, reference: str) -> Any:
    """Return what a reference within the same schema means; None for any other."""
    if not reference.startswith("#"):
        return None
    found = root
    for part in (part for part in reference[1:].split("/") if part):
        name = part.replace("~1", "/").replace("~0", "~")
        found = cast("Mapping[str, Any]", found).get(name) if isinstance(found, Mapping) else None
    return found
