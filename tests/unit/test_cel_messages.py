"""What the CEL engine refuses is told in words, once for each cause, under the part that is meant."""

import re
from typing import Any

import pytest

from generator.rules import cel
from generator.rules.cel_functions import EXPRESSIONS, POLICIES, Names
from generator.rules.cel_messages import readable
from runtime.expressions import check
from runtime.expressions.engines import compiled

SAID = {
    "siz(state.x) == 1": ("siz", "there is no function `siz()`", 'did you mean "size"?'),
    "state.x.startWith('a')": ("startWith", "there is no function `startWith()`", 'did you mean "startsWith"?'),
    "'ä😀' + foo (1)": ("foo", "there is no function `foo()`", ""),
    "math.flor(1)": ("math.flor", "there is no function `math.flor()`", 'did you mean "math.floor"?'),
    "size(1)": ("size", "`size()` can't be used on a whole number", "write value.size() or size(value)"),
    "a.size() > int(1, 2)": ("a", "`a` is unknown; expressions start from", ""),
    "int('x', 1)": ("int", "`int()` can't be called in this way", "write int(value)"),
    "state.l.exists(x)": ("exists", "`exists()` can't be called in this way", "write list.exists(x, condition)"),
    "[[1], {'a': 1}][0] <= {1: [2]}": ("<=", "`<=` can't be used on any value and an object", ""),
    "1 ? 2 : 3": ("?", "`? :` can't be used on a whole number", ""),
    "1 in 2": ("in", "`in` can't be used on a whole number and a whole number", ""),
    "stat.x == 1": ("stat.x", "`stat.x` is unknown; expressions start from", 'did you mean "state"?'),
    "has(state)": ("state", "has() argument must be a field selection", ""),
    "state.a and state.b": ("and", "`and` is no operator; CEL writes `&&`", ""),
    "state.a or state.b": ("or", "`or` is no operator; CEL writes `||`", ""),
    "not state.a": ("not", "`not` is no operator; CEL writes `!`", ""),
    "state.a not in [1]": ("not", "`not` is no operator; CEL writes `!`", ""),
    "state.a is null": ("is", "`is` is no operator; CEL writes `==`", ""),
    "state.a = 1": ("=", "`=` is no operator; two values are compared by `==`", ""),
    "state.a <> 1": ("<>", "`<>` is no operator; CEL writes `!=`", ""),
    "state.a == None": ("None", "`None` is unknown", "CEL writes `null`"),
    "state.a == True": ("True", "`True` is unknown", "CEL writes `true`"),
    "stat.a == 1": ("stat.a", "`stat.a` is unknown; expressions start from", 'did you mean "state"?'),
    "state.a.sum()": ("sum", "there is no function `sum()`", ""),
    "state.a.sum().b": ("sum", "there is no function `sum()`", ""),
    "len(state.a)": ("len", "there is no function `len()`", 'did you mean "size"?'),
    "state.a.startswith('b')": ("startswith", "there is no function `startswith()`", 'did you mean "startsWith"?'),
    "size(1, 2)": ("size", "`size()` can't be called in this way", "write value.size() or size(value)"),
    "1 + 'a'": ("+", "`+` can't be used on a whole number and a text", ""),
    "steps.ask-human.output": (
        "human.output",
        "`human.output` is unknown",
        'if `ask-human` is one name, write steps["ask-human"]',
    ),
    "${state.a}": ("$", "this is CEL already: write it without `${ }`", ""),
    "state.a == 'b": ("'b", "the text that starts here does not end", ""),
    "state.a;": (";", "`;` is not expected here", ""),
    "state.a ==\xa01": ("\xa0", "`\xa0` (no-break space) is not expected here", ""),
    "state.a == “b”": ("“", "`“` (left double quotation mark) is not expected here", ""),
    "size(state.a": ("", "`)` is missing here", ""),
    "state.a >": ("", "the expression ends too early", ""),
    "if state.a": ("if", "`if` can't be a name in CEL; a choice is written CONDITION ? ONE : OTHER", ""),
    "state.a > 10m": ("m", "`m` is not expected here", ""),
    "state.x = 1": ("=", "`=` is no operator; two values are compared by `==`", ""),
}


VALUES = re.compile(
    r"(?<![\w.])(value|text|pattern|number|start|end|list|time|zone|condition|object|quantity|optional)(?![\w(])"
)


@pytest.mark.parametrize("text", SAID)
def test_the_first_finding_names_the_part_that_is_meant(text: str) -> None:
    marked, message, hint = SAID[text]
    found = readable(text, ((one.offset, one.message) for one in check(text)), EXPRESSIONS)[0]
    assert text[found.offset : found.offset + found.length] == marked
    assert (found.message[: len(message)], found.hint) == (message, hint)


def test_what_follows_from_a_wrong_call_is_not_told() -> None:
    for text in ("[1].map(x, y, z, w)", "math.foo(1)", "state.l.filter(x) && x"):
        assert len(readable(text, ((one.offset, one.message) for one in check(text)), EXPRESSIONS)) == 1


@pytest.mark.parametrize(("names", "compile_"), [(EXPRESSIONS, compiled), (POLICIES, cel.environment().compile)])
def test_every_form_that_is_advised_can_be_written(names: Names, compile_: Any) -> None:
    root = names.roots[0]
    for name, forms in names.functions.items():
        for form in forms:
            assert name in form
            compile_(VALUES.sub(rf"{root}.\1", form))
