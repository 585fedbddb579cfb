"""Models of LangChain: a chat model class of langchain-core, made for the name of a provider as LangChain does."""

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage

from runtime.contract import ModelDocument
from runtime.problems import StepError
from runtime.services.models.base import Reply, Request
from runtime.services.models.langchain import LangChain


class RefusedError(Exception):
    """What integrations raise when the provider answers with a status."""

    def __init__(self, status_code: int) -> None:
        super().__init__(f"status {status_code}")
        self.status_code = status_code


class APITimeoutError(Exception):
    """What integrations raise when it does not answer; it is no `TimeoutError`."""


class Chat(GenericFakeChatModel):
    """Says what it is given, or raises it, and keeps what it was asked."""

    failure: Any = None
    asked: list[Any] = []
    bound: list[Any] = []

    def _generate(self, messages: list[BaseMessage], *args: Any, **more: Any) -> Any:
        self.asked.extend(messages)
        if self.failure:
            raise self.failure
        return super()._generate(messages, *args, **more)

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> Any:
        self.bound.extend(tools)
        return self


async def complete(monkeypatch: pytest.MonkeyPatch, chat: Chat, **more: Any) -> tuple[Reply, dict[str, Any]]:
    made: dict[str, Any] = {}

    def init_chat_model(model: str, **settings: Any) -> Chat:
        made.update(settings, model=model)
        return chat

    module = ModuleType("langchain.chat_models")
    module.__dict__["init_chat_model"] = init_chat_model
    monkeypatch.setitem(sys.modules, "langchain", ModuleType("langchain"))
    monkeypatch.setitem(sys.modules, "langchain.chat_models", module)
    model = ModelDocument(name="m", provider="acme", model="big", secret_env="KEY", timeout="5s")
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Well?"}]
    return await LangChain({"KEY": "s3cret"}).complete(Request(model, messages, **more)), made


async def test_a_text_with_its_tokens_comes_from_the_model_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    usage: Any = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    chat = Chat(messages=iter([AIMessage("Well.", usage_metadata=usage)]))
    reply, made = await complete(monkeypatch, chat)
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("Well.", 7, 2)
    assert (made["model"], made["model_provider"], made["api_key"], made["timeout"]) == ("big", "acme", "s3cret", 5.0)
    assert [(one.type, one.content) for one in chat.asked] == [("system", "Be short."), ("human", "Well?")]


async def test_calls_of_tools_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    call: Any = {"id": "c1", "name": "find", "args": {"q": 1}}
    chat = Chat(messages=iter([AIMessage("", tool_calls=[call])]))
    offer = {"name": "find", "description": "", "parameters": {"type": "object"}}
    reply, _ = await complete(monkeypatch, chat, tools=[offer])
    assert [(one.id, one.name, one.arguments) for one in reply.tool_calls] == [("c1", "find", {"q": 1})]
    assert chat.bound == [{"type": "function", "function": offer}]


@pytest.mark.parametrize(
    ("failure", "type_"),
    [
        (RefusedError(429), "rate-limited"),
        (RefusedError(401), "rejected"),
        (RefusedError(500), "unavailable"),
        (RefusedError(504), "timeout"),
        (APITimeoutError("Request timed out."), "timeout"),
        (TimeoutError(), "timeout"),
        (ConnectionError("refused"), "unavailable"),
    ],
)
async def test_failures_are_problems_by_their_cause(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, type_: str
) -> None:
    with pytest.raises(StepError) as caught:
        await complete(monkeypatch, Chat(messages=iter([]), failure=failure))
    assert caught.value.problem.type == type_
    assert "s3cret" not in str(caught.value)
