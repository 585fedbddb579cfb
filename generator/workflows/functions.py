"""What operators and functions of CEL take and give, as far as it is checked."""

from collections.abc import Mapping

from generator.workflows.types import Type, of

OPERATORS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "_+_": (("int", "int", "int"), ("double", "double", "double"), ("string", "string", "string"),
            ("list", "list", "list"), ("other", "other", "other")),
    "_-_": (("int", "int", "int"), ("double", "double", "double"), ("other", "other", "other")),
    "_*_": (("int", "int", "int"), ("double", "double", "double")),
    "_/_": (("int", "int", "int"), ("double", "double", "double")),
    "_%_": (("int", "int", "int"),),
    "-_": (("int", "int"), ("double", "double")),
    **{f"_{sign}_": tuple((left, right, "bool") for left, right in (
        ("int", "int"), ("int", "double"), ("double", "int"), ("double", "double"), ("string", "string"),
        ("bool", "bool"), ("other", "other"))) for sign in ("<", "<=", ">", ">=")},
    "size": (("string", "int"), ("list", "int"), ("map", "int"), ("other", "int")),
}  # fmt: skip
"""Operands and result of each form of an operator; equality and logic take anything, and are read by themselves."""

WORDS = {"_+_": "`+`", "_-_": "`-`", "_*_": "`*`", "_/_": "`/`", "_%_": "`%`", "-_": "`-`", "_<_": "`<`",
         "_<=_": "`<=`", "_>_": "`>`", "_>=_": "`>=`", "size": "`size()`", "_[_]": "`[ ]`"}  # fmt: skip

_TEXT = frozenset(["string"])
TEXTS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("startsWith", "endsWith", "contains", "matches", "lowerAscii", "upperAscii", "trim", "replace",
                     "substring", "split", "charAt", "indexOf", "lastIndexOf", "format"), _TEXT),
    "join": frozenset(["list"]),
}  # fmt: skip
"""What functions with a target take as such."""

_STRING, _BOOL, _INT = of("string"), of("bool"), of("int")
RESULTS: Mapping[str, Type] = {
    **dict.fromkeys(("startsWith", "endsWith", "contains", "matches", "bool"), _BOOL),
    **dict.fromkeys(("lowerAscii", "upperAscii", "trim", "replace", "substring", "charAt", "format", "join", "string"),
                    _STRING),
    **dict.fromkeys(("indexOf", "lastIndexOf", "int", "size"), _INT),
    "double": of("double"),
    "split": of("list", items=_STRING),
    **dict.fromkeys(("duration", "timestamp", "bytes", "type", "uint"), of("other")),
}  # fmt: skip
"""What functions give; anything for those that are not named."""
