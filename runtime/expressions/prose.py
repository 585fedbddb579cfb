"""Prompts in Jinja2 -> syntax trees whose nodes know where they stand.

Jinja2 keeps the line of each token and nothing else. Here its lexer counts characters instead: in these trees, and in
the errors, `lineno` is the offset in the text.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from runtime.expressions.engines import jinja


def parsed(text: str) -> Any:
    """Return the syntax tree of a prompt, with the offset of each node as its `lineno`.

    Raises:
        jinja2.TemplateSyntaxError: the text is no template; its `lineno` is an offset too.
    """
    import jinja2

    # Jinja2 reads every sort of line break as one character; so that offsets stay, two are made one and a space.
    even = text.replace("\r\n", " \n").replace("\r", "\n")
    try:
        return _environment().parse(even)
    except jinja2.TemplateSyntaxError as error:
        error.lineno = _opening(even, str(error.message), error.lineno)
        raise


Token = tuple[int, str, str]
"""Offset, kind and text."""


def _opening(text: str, message: str, at: int) -> int:
    """Return where that begins which is never closed; other errors stay where they are."""
    if message.startswith("Unexpected end of template") and "needs to be closed is" in message:
        return _unclosed(list(_environment().lexer.tokeniter(text, None)), message.rsplit("'", 2)[1], at)
    if message.startswith(("unexpected end of template", "Missing end of")):
        return max(text.rfind(sign, 0, at + 2) for sign in ("{{", "{%", "{#"))
    return at


def _unclosed(tokens: list[Token], name: str, at: int) -> int:
    """Return where the last block of a name begins that has no end."""
    opened: list[int] = []
    for number, (start, kind, _) in enumerate(tokens):
        if kind == "block_begin":
            word = next((value for _, kind, value in tokens[number + 1 : number + 3] if kind == "name"), "")
            opened = [*opened, start] if word == name else opened[:-1] if word == f"end{name}" else opened
    return opened[-1] if opened else at


@cache
def _environment() -> Any:
    from jinja2 import TemplateSyntaxError
    from jinja2.lexer import Lexer

    class Offsets(Lexer):
        """Yields the offset of each token where Jinja2 expects its line."""

        def tokeniter(
            self, source: str, name: str | None, filename: str | None = None, state: str | None = None
        ) -> Iterator[Token]:
            at = 0
            try:
                for _, kind, value in super().tokeniter(source, name, filename, state):
                    start = source.index(value, at)  # spaces that `-` takes away are in no token
                    yield start, kind, value
                    at = start + len(value)
            except TemplateSyntaxError as error:
                error.lineno = at
                raise

    class Located(type(jinja())):  # pyright: ignore[reportUntypedBaseClass]
        lexer = property(lambda self: lexer)

    environment = Located(keep_trailing_newline=True)
    lexer = Offsets(environment)
    return environment
