"""What is wrong with an expression is said in words, where it stands, with what CEL writes instead."""

import pytest

from generator.rules.cel_messages import readable
from runtime.expressions.checking import check

ROOTS = "expressions start from input, state, steps, item, output, run, error"


@pytest.mark.parametrize(
    ("text", "part", "message"),
    [
        ("state.a and state.b", "and", "`and` is no operator; CEL writes `&&`"),
        ("state.a or state.b", "or", "`or` is no operator; CEL writes `||`"),
        ("not state.a", "not", "`not` is no operator; CEL writes `!`"),
        ("state.a not in [1]", "not", "`not` is no operator; CEL writes `!`"),
        ("state.a is null", "is", "`is` is no operator; CEL writes `==`"),
        ("state.a = 1", "=", "`=` is no operator; two values are compared by `==`"),
        ("state.a <> 1", "<>", "`<>` is no operator; CEL writes `!=`"),
        ("state.a == None", "None", "`None` is unknown; CEL writes `null`"),
        ("state.a == True", "True", "`True` is unknown; CEL writes `true`"),
        ("stat.a == 1", "stat.a", f"`stat.a` is unknown; {ROOTS}"),
        ("state.a.sum()", "sum", "there is no function `sum`"),
        ("state.a.sum().b", "sum", "there is no function `sum`"),
        ("len(state.a)", "len", "there is no function `len`; did you mean `size`?"),
        ("state.a.startswith('b')", "startswith", "there is no function `startswith`; did you mean `startsWith`?"),
        ("size(1, 2)", "size", "`size` does not take what it is given here"),
        ("1 + 'a'", "+", "`+` can't be used on a whole number and a text"),
        ("steps.ask-human.output", "human.output",
         '`human.output` is unknown; if `ask-human` is one name, write steps["ask-human"]'),
        ("${state.a}", "$", "this is CEL already: write it without `${ }`"),
        ("state.a == 'b", "'b", "the text that starts here does not end"),
        ("state.a;", ";", "`;` is not expected here"),
        ("state.a ==\u00a01", "\u00a0", "`\u00a0` (no-break space) is not expected here"),
        ("state.a == \u201cb\u201d", "\u201c", "`\u201c` (left double quotation mark) is not expected here"),
        ("size(state.a", "", "`)` is missing here"),
        ("state.a >", "", "the expression ends too early"),
        ("if state.a", "if", "`if` can't be a name in CEL; a choice is written CONDITION ? ONE : OTHER"),
        ("state.a > 10m", "m", "`m` is not expected here"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_in_words_where_it_stands(text: str, part: str, message: str) -> None:
    (found,) = readable(text, [(one.offset, one.message) for one in check(text)])
    assert (text[found.offset : found.offset + found.length], found.message) == (part, message)
