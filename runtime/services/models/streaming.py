"""Answers that are read while they are written: server-sent events of OpenAI's chat completions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from runtime.contract import ModelDocument
from runtime.problems import StepError, failed
from runtime.services.models.base import Reply, ToolCall

LIMIT = 4_000_000
"""Bytes of an answer at most: no model with a limit of tokens writes that much."""


def too_long(model: ModelDocument) -> StepError:
    """Return the problem of an answer beyond all bounds."""
    return failed("invalid-output", "The model's answer has no end", f"{model.name}: more than {LIMIT} bytes")


@dataclass
class _Answer:
    """An answer as it grows."""

    text: list[str] = field(default_factory=list[str])
    calls: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    usage: dict[str, int] = field(default_factory=dict[str, int])
    end: str = ""


async def reply(model: ModelDocument, answer: httpx.Response, heard: Callable[[str], None] | None) -> Reply:
    """Return a streamed answer, once it is whole.

    Raises:
        StepError: it has no end, breaks off, or can't be read.
    """
    found, size = _Answer(), 0
    try:
        async for line in answer.aiter_lines():
            size += len(line)
            if size > LIMIT:
                raise too_long(model)
            data = line.removeprefix("data:").strip()
            if line.startswith("data:") and data != "[DONE]":
                _take(found, json.loads(data), heard)
        calls = tuple(_call(call) for _, call in sorted(found.calls.items()))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise failed("unavailable", "The model's answer cannot be read", f"{model.name}: {error}"[:200]) from error
    if not found.end:
        raise failed("unavailable", "The model's answer broke off", model.name)
    tokens = found.usage.get("prompt_tokens", 0), found.usage.get("completion_tokens", 0)
    return Reply("".join(found.text), calls, *tokens, found.end == "length")


def _take(found: _Answer, event: Mapping[str, Any], heard: Callable[[str], None] | None) -> None:
    found.usage |= event.get("usage") or {}
    for choice in event.get("choices") or ():
        found.end = choice.get("finish_reason") or found.end
        delta: dict[str, Any] = choice.get("delta") or {}
        if text := delta.get("content"):
            found.text.append(text)
            if heard:
                heard(text)
        for part in delta.get("tool_calls") or ():
            call = found.calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
            function: dict[str, Any] = part.get("function") or {}
            call["id"] += part.get("id") or ""
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""


def _call(call: Mapping[str, str]) -> ToolCall:
    return ToolCall(call["id"] or call["name"], call["name"], json.loads(call["arguments"] or "{}"))
