"""Replies from a file, for tests, demos and dry runs; named as such in every output, refused where it is protected.

```yaml
agents:
  van:                      # consumed in order in each run; the last one repeats
    - {complexity: 2, findings: [one]}          # a mapping is the answer as JSON
    - {$tools: [{tool: search, with: {query: x}}]}   # a request for tools
    - {$fail: {type: timeout, title: too slow}}      # a call that fails
models:
  analysis-low: [a text for steps without an agent]
```
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from runtime.problems import Failure, failed
from runtime.services.models.base import Reply, Request, ToolCall
from runtime.services.store.records import Budgets

Replies = Mapping[str, Sequence[Any]]
RECORDED = "recorded"
"""Part of a file that says what it is a recording of; not read here."""


def read(file: Path) -> Replies:
    """Return replies by asker.

    Raises:
        Failure: the file cannot be read, or is not of this shape.
    """
    return checked(_written(file), str(file))


def parsed(text: str, where: str) -> Replies:
    """Return replies by asker of the text of such a file; raises `Failure` as `read` does."""
    return checked(_parsed(text, where), where)


def names(file: Path) -> list[tuple[str, str]]:
    """Return part (`agents`, `models`) and name of every asker that a file has replies for.

    Raises:
        Failure: the file cannot be read, or is not of this shape.
    """
    found = _written(file)
    checked(found, str(file))
    return [(part, str(name)) for part, section in found.items() if part != RECORDED for name in section]


def _written(file: Path) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"The replies in {file} cannot be read", str(error).splitlines()[0]) from error
    return _parsed(text, str(file))


def _parsed(text: str, where: str) -> Any:
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        place = f"{where}:{error.problem_mark.line + 1}" if error.problem_mark else where
        raise Failure(f"{place}: this is not YAML", error.problem or "") from error
    except yaml.YAMLError as error:
        raise Failure(f"The replies in {where} cannot be read", str(error).splitlines()[0]) from error


def checked(found: Any, where: str) -> Replies:
    """Return replies by asker; raises `Failure` when they are not of the shape."""
    shape = f"{where} has to be `agents: {{NAME: [reply, ...]}}`, with `models:` for steps without an agent"
    if not isinstance(found, dict):
        raise Failure("The replies are not a mapping", shape)
    sections = cast("dict[str, Any]", found)
    replies: dict[str, Sequence[Any]] = {}
    for name, section in sections.items():
        if name == RECORDED:
            continue
        if name not in ("agents", "models") or not isinstance(section, dict):
            raise Failure(f"The replies have an unknown part `{name}`", shape)
        replies |= cast("dict[str, Sequence[Any]]", section)
    if not all(isinstance(one, list) and one for one in replies.values()):
        raise Failure("Replies are not lists, or empty", shape)
    return replies


class Scripted:
    """Answers in the order of the file, counted in the store, so that a resumed run goes on where it was."""

    def __init__(self, replies: Replies, counts: Budgets) -> None:
        self._replies = replies
        self._counts = counts

    async def complete(self, request: Request) -> Reply:
        """Return the next reply."""
        replies = self._replies.get(request.asker)
        if not replies:
            raise failed("not-found", "There is no scripted reply", f"for {request.asker}")
        number = await self._counts.count(request.run, f"script|{request.asker}")
        return _reply(replies[min(number, len(replies)) - 1], request)

    async def close(self) -> None:
        """Nothing is held."""


def _reply(reply: Any, request: Request) -> Reply:
    found = cast("dict[str, Any]", reply) if isinstance(reply, dict) else {}
    if "$fail" in found:
        raise failed(found["$fail"]["type"], found["$fail"].get("title", "A scripted failure"))
    calls = tuple(ToolCall(f"call-{n}", c["tool"], c.get("with", {})) for n, c in enumerate(found.get("$tools", ())))
    text = "" if calls else reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
    # Tokens by length, as models count about four characters for one: budgets can be tried without a model.
    asked = sum(len(str(message.get("content", ""))) for message in request.messages)
    return Reply(text, calls, asked // 4 + 1, len(text) // 4 + 1)


def written(reply: Reply) -> Any:
    """Return an answer as a file of replies says it: tool calls, a mapping, or a text."""
    if reply.tool_calls:
        return {"$tools": [{"tool": call.name, "with": dict(call.arguments)} for call in reply.tool_calls]}
    try:
        value: Any = json.loads(reply.text)
    except ValueError:
        return reply.text
    return cast("Any", value) if isinstance(value, dict) else reply.text
