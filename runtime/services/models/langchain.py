"""Any provider that LangChain has an integration for, by name: `openai`, `anthropic`, `mistralai`, `google_genai`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from runtime.contract import millis
from runtime.problems import StepError, failed, problem
from runtime.services.models.base import Message, RateLimitedError, Reply, Request, ToolCall

STATUS_TYPES: Mapping[int, str] = {
    400: "rejected", 401: "rejected", 403: "rejected", 404: "rejected", 408: "timeout", 422: "rejected",
    429: "rate-limited", 504: "timeout",
}  # fmt: skip


class LangChain:
    """Imports LangChain, and the integration, at the first call."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._models: dict[str, Any] = {}

    async def close(self) -> None:
        """Integrations close their own connections."""

    async def complete(self, request: Request) -> Reply:
        """Return the model's answer."""
        model = self._model(request)
        if request.tools:
            model = model.bind_tools([{"type": "function", "function": dict(tool)} for tool in request.tools])
        elif request.schema:
            model = model.with_structured_output(
                {"title": "answer", **request.schema}, method="json_schema", include_raw=True
            )
        try:
            answer: Any = await model.ainvoke(_messages(request.messages))
        except Exception as error:
            raise _failed(request.model.name, error) from error
        return _reply(answer)

    def _model(self, request: Request) -> Any:
        document = request.model
        if document.name not in self._models:
            self._models[document.name] = self._make(document.provider, document)
        return self._models[document.name]

    def _make(self, provider: str, document: Any) -> Any:
        try:
            from langchain.chat_models import init_chat_model  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
        except ImportError as error:
            raise failed(
                "rejected", "LangChain is not installed", f"{provider} needs the package `langchain`"
            ) from error
        settings: dict[str, Any] = {"temperature": document.temperature, "max_tokens": document.max_output_tokens}
        if document.secret_env:
            settings["api_key"] = self._secrets.get(document.secret_env)
        if document.endpoint:
            settings["base_url"] = document.endpoint
        try:
            make = cast("Any", init_chat_model)
            return make(document.model, model_provider=provider, timeout=millis(document.timeout) / 1000, **settings)
        except (ImportError, ValueError) as error:
            raise failed("rejected", "The model's provider is not installed", str(error)[:300]) from error


def _failed(model: str, error: Exception) -> StepError:
    """Return the problem of an exception: each integration has its own, with a status where the provider answered."""
    detail = f"{model}: {type(error).__name__}: {error}"[:300]
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return failed("timeout", "The model did not answer in time", detail)
    status = getattr(error, "status_code", None)
    type_ = STATUS_TYPES.get(status, "unavailable") if isinstance(status, int) else "unavailable"
    if type_ == "rate-limited":
        return RateLimitedError(problem(type_, "The model refused a call", detail), None)
    return failed(type_, "The model refused a call", detail)


def _messages(messages: Sequence[Message]) -> list[Any]:
    from langchain_core.messages.utils import convert_to_messages

    return list(convert_to_messages([dict(message) for message in messages]))


def _reply(answer: Any) -> Reply:
    raw: Any = cast("dict[str, Any]", answer)["raw"] if isinstance(answer, dict) else answer
    parsed: Any = cast("dict[str, Any]", answer)["parsed"] if isinstance(answer, dict) else None
    usage: dict[str, int] = raw.usage_metadata or {}
    calls = tuple(ToolCall(call["id"], call["name"], call["args"]) for call in raw.tool_calls)
    text = json.dumps(parsed) if parsed is not None else str(raw.content)
    return Reply(text, () if parsed is not None else calls, usage.get("input_tokens", 0), usage.get("output_tokens", 0))
