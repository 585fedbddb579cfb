"""Any server that speaks OpenAI's chat completions: llama.cpp, vLLM, Ollama, LiteLLM, OpenAI itself."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx

from runtime.contract import ModelDocument, millis
from runtime.problems import StepError, failed, problem
from runtime.services.models import streaming
from runtime.services.models.base import RateLimitedError, Reply, Request, ToolCall

_TYPES = {408: "timeout", 429: "rate-limited", 504: "timeout"}


class OpenAiCompatible:
    """Calls `<endpoint>/chat/completions`."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._client = httpx.AsyncClient()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def complete(self, request: Request) -> Reply:
        """Return the model's answer."""
        model = request.model
        if not model.endpoint:
            raise failed("rejected", "A model has no endpoint", model.name)
        try:
            async with asyncio.timeout(millis(model.timeout) / 1000):
                return await self._asked(request, model)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise failed("timeout", "The model did not answer in time", f"{model.name}: {model.timeout}") from error
        except httpx.HTTPError as error:
            raise failed("unavailable", "The model cannot be reached", f"{model.name}: {error}") from error

    async def _asked(self, request: Request, model: ModelDocument) -> Reply:
        url = f"{(model.endpoint or '').rstrip('/')}/chat/completions"
        body, headers, seconds = _body(request), self._headers(model), millis(model.timeout) / 1000
        async with self._client.stream("POST", url, json=body, headers=headers, timeout=seconds) as answer:
            if answer.status_code >= 400:
                raise _refused(model, answer, await _text(model, answer))
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return await streaming.reply(model, answer, request.heard)
            return _reply(model, await _text(model, answer))

    def _headers(self, model: ModelDocument) -> dict[str, str]:
        if not model.secret_env:
            return {}
        if not (key := self._secrets.get(model.secret_env)):
            raise failed("rejected", "The key of a model is not set", f"{model.name} needs {model.secret_env}")
        return {"Authorization": f"Bearer {key}"}


def _body(request: Request) -> dict[str, Any]:
    model = request.model
    body: dict[str, Any] = {
        "model": model.model or model.name,
        "messages": list(request.messages),
        "temperature": model.temperature,
        "max_tokens": model.max_output_tokens,
    }
    if model.stream and request.heard:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.tools:
        body["tools"] = [{"type": "function", "function": tool} for tool in request.tools]
    elif request.schema:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": request.schema}}
    return body


async def _text(model: ModelDocument, answer: httpx.Response) -> str:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > streaming.LIMIT:
            raise streaming.too_long(model)
        parts.append(part)
    return b"".join(parts).decode("utf-8", errors="replace")


def _refused(model: ModelDocument, answer: httpx.Response, text: str) -> StepError:
    type_ = _TYPES.get(answer.status_code, "unavailable" if answer.status_code >= 500 else "rejected")
    detail = f"{model.name}: {answer.status_code} {text[:200]}"
    if type_ != "rate-limited":
        return failed(type_, "The model refused a call", detail)
    return RateLimitedError(
        problem(type_, "The model refused a call", detail), _after(answer.headers.get("retry-after"))
    )


def _after(written: str | None) -> float | None:
    """Return the seconds of `Retry-After`; a date, or nothing at all, is no number."""
    try:
        return max(0.0, float(written)) if written else None
    except ValueError:
        return None


def _reply(model: ModelDocument, text: str) -> Reply:
    try:
        body = json.loads(text)
        choice = body["choices"][0]
        message = choice["message"]
        calls = tuple(_call(call) for call in message.get("tool_calls") or ())
        content, usage = str(message.get("content") or ""), dict(body.get("usage") or {})
        tokens = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise failed("unavailable", "The model's answer cannot be read", f"{model.name}: {text[:200]}") from error
    return Reply(content, calls, *tokens, choice.get("finish_reason") == "length")


def _call(call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    arguments = function.get("arguments") or "{}"
    return ToolCall(call.get("id") or function["name"], function["name"], json.loads(arguments))
