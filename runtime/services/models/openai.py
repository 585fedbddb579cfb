"""Any server that speaks OpenAI's chat completions: llama.cpp, vLLM, Ollama, LiteLLM, OpenAI itself."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from runtime.contract import ModelDocument, millis
from runtime.problems import StepError, failed
from runtime.services.models.base import Reply, Request, ToolCall

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
        url = model.endpoint.rstrip("/") + "/chat/completions"
        try:
            answer = await self._client.post(
                url, json=_body(request), headers=self._headers(model), timeout=millis(model.timeout) / 1000
            )
        except httpx.TimeoutException as error:
            raise failed("timeout", "The model did not answer in time", f"{model.name}: {model.timeout}") from error
        except httpx.HTTPError as error:
            raise failed("unavailable", "The model cannot be reached", f"{model.name}: {error}") from error
        if answer.status_code >= 400:
            raise _refused(model, answer)
        return _reply(model, answer)

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
    if request.tools:
        body["tools"] = [{"type": "function", "function": tool} for tool in request.tools]
    elif request.schema:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": request.schema}}
    return body


def _refused(model: ModelDocument, answer: httpx.Response) -> StepError:
    type_ = _TYPES.get(answer.status_code, "unavailable" if answer.status_code >= 500 else "rejected")
    return failed(type_, "The model refused a call", f"{model.name}: {answer.status_code} {answer.text[:200]}")


def _reply(model: ModelDocument, answer: httpx.Response) -> Reply:
    try:
        body = answer.json()
        choice = body["choices"][0]
        message = choice["message"]
        calls = tuple(_call(call) for call in message.get("tool_calls") or ())
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise failed(
            "unavailable", "The model's answer cannot be read", f"{model.name}: {answer.text[:200]}"
        ) from error
    usage: dict[str, Any] = body.get("usage") or {}
    return Reply(
        message.get("content") or "",
        calls,
        int(usage.get("prompt_tokens", 0)),
        int(usage.get("completion_tokens", 0)),
        choice.get("finish_reason") == "length",
    )


def _call(call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    arguments = function.get("arguments") or "{}"
    return ToolCall(call.get("id") or function["name"], function["name"], json.loads(arguments))
