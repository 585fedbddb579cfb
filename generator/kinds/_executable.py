"""Executables that may be started: a name on the path or an absolute path, and never something that runs any text."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from runtime.contract import Many, Strict

_FORM = re.compile(r"(?:/(?:[A-Za-z0-9_][A-Za-z0-9._+-]*/)*)?[A-Za-z0-9_][A-Za-z0-9._+-]*")
_ANYTHING = re.compile(
    r"(?:ba|da|z|k|c|tc|fi)?sh|busybox|env|xargs|sudo|su|nohup|timeout|ssh|eval|make|docker|kubectl|curl|wget"
    r"|python[0-9.]*|pypy[0-9.]*|pip[0-9.]*|pipx|uvx?|node|nodejs|npx|npm|bunx?|deno|ruby|perl|php|lua|java|go|awk|sed"
)
"""Programs that run whatever they are told, or fetch it first."""


def _executable(text: str) -> str:
    if not _FORM.fullmatch(text):
        message = "an executable is a name on the path or an absolute path, without spaces; arguments stand in `args`"
        raise PydanticCustomError("mcp-executable", message)
    if _ANYTHING.fullmatch(text.rsplit("/", 1)[-1]):
        message = "{name} runs whatever it is told; name the server's own program"
        raise PydanticCustomError("mcp-executable", message, {"name": text.rsplit("/", 1)[-1]})
    return text


class McpServer(Strict):
    """A program that offers tools on its standard input and output, started for each call and ended with it."""

    executable: Annotated[str, AfterValidator(_executable)]
    """Program of the image: a name on its path, or an absolute path. It is started as it is, never by a shell."""
    args: Many[str] = ()
    """Its arguments, each as it is written here."""
