"""Language models by provider: `local`, `scripted`, `openai-compatible`, or any that LangChain knows."""

from runtime.contract import ModelDocument
from runtime.problems import StepError, failed
from runtime.services.models.base import Provider, Reply, Request
from runtime.services.models.langchain import LangChain
from runtime.services.models.local import LocalModel
from runtime.services.models.openai import OpenAiCompatible
from runtime.services.models.scripted import Scripted, parsed, read
from runtime.services.store import Store
from runtime.settings import Settings

__all__ = ["Models", "Reply", "Request"]


class Models:
    """Providers, made when they are first needed; `settings.provider` overrides what documents say."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._made: dict[str, Provider] = {}

    async def complete(self, request: Request, *, protected: bool) -> Reply:
        """Return the answer of the model's provider.

        Raises:
            StepError: the provider is refused here, or has failed.
            Failure: the provider cannot be set up at all.
        """
        name = self.provider_of(request.model)
        if name == "scripted" and protected:
            raise failed("rejected", "Scripted replies are refused in a protected environment", request.model.name)
        return await self.of(request.model).complete(request)

    def provider_of(self, model: ModelDocument) -> str:
        """Return the name of the provider that answers for a model."""
        return self._settings.provider or model.provider

    def of(self, model: ModelDocument) -> Provider:
        """Return the provider of a model; scripted ones differ by their replies.

        Raises:
            Failure: it cannot be set up.
        """
        name = self.provider_of(model)
        if name != "scripted" or self._settings.replies is not None or not model.replies:
            return self.provider(name)
        if model.replies not in self._made:
            self._made[model.replies] = Scripted(parsed(model.replies, f"the model {model.name}"), self._store.budgets)
        return self._made[model.replies]

    def provider(self, name: str) -> Provider:
        """Return a provider."""
        # Every LangChain provider is served by one object.
        key = name if name in ("local", "scripted", "openai-compatible") else "langchain"
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def _make(self, key: str) -> Provider:
        if key == "local":
            return LocalModel(self._settings.model_file)
        if key == "openai-compatible":
            return OpenAiCompatible(self._settings.secrets)
        if key == "langchain":
            return LangChain(self._settings.secrets)
        if self._settings.replies is None:
            raise failed(
                "rejected", "The provider `scripted` has no replies", "name a file in the model, or with --replies"
            )
        return Scripted(read(self._settings.replies), self._store.budgets)

    async def close(self) -> None:
        """Close every provider."""
        for provider in self._made.values():
            await provider.close()


def is_transient(error: StepError) -> bool:
    """Return whether another model is worth a try."""
    return error.problem.type in ("timeout", "unavailable", "rate-limited")
