"""A language model: who provides it, with which parameters and within which limits."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from generator.kinds.waiver import Date
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, FileRef, Many, ModelDocument, Money, Ref, SecretRef, Strict


class ModelSpec(Strict):
    """One language model."""

    provider: str
    """`local` (small real model without a key), `scripted` (replies from a file), `openai-compatible`, or a LangChain
    provider such as `openai` or `anthropic`."""
    model: str = ""
    """Name of the model at the provider; for `local` the path of a GGUF file, or empty for the one that is shipped."""
    replies: Annotated[str | None, FileRef("text")] = None
    """File beside the spec with what `scripted` answers: `agents: {NAME: [reply, ...]}`, as `--replies` takes it."""
    endpoint: str | None = None
    """Base URL of an OpenAI-compatible endpoint."""
    secret: SecretRef | None = None
    """Key of the provider, as secret-name/key."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Randomness of the answers."""
    max_output_tokens: Annotated[int, Field(ge=1)] = 1024
    """Longest answer, in tokens."""
    timeout: Duration = "60s"
    """Time for one call, from the first byte sent to the last one read."""
    stream: bool = False
    """Who follows a run sees answers while they are written (event `token`); for `openai-compatible` and `local`. What
    a guardrail looks at is not shown before it has."""
    price_in: Money | None = None
    """Price of a million tokens that go in; without it and the next one, a budget in money refuses every call."""
    price_out: Money | None = None
    """Price of a million tokens that come out."""
    price_date: Date | None = None
    """Day on which somebody has looked the prices up, such as `"2026-11-25"`."""
    price_source: str | None = None
    """Where the prices are written: a page, a contract, a person. HANDOVER.md has all prices in one table."""
    fallback: Many[Annotated[str, Ref("Model")]] = ()
    """Models that are tried in turn when this one does not answer."""


@dataclass(frozen=True)
class Model(Thing):
    """A model, resolved."""

    document: ModelDocument
    secret: str | None
    endpoint: str | None
    price_date: str | None
    price_source: str | None


def secret_env(secret: str) -> str:
    """Return the environment variable in which a referenced secret reaches the runtime."""
    return "APM_SECRET_" + "".join(c if c.isalnum() else "_" for c in secret).upper()


def resolve(spec: ModelSpec, context: Resolving) -> Model:
    """Return the model."""
    document = ModelDocument(
        name=context.base["source"].name,
        provider=spec.provider,
        model=spec.model,
        replies=context.text(spec.replies) if spec.replies else "",
        endpoint=spec.endpoint,
        secret_env=secret_env(spec.secret) if spec.secret else None,
        temperature=spec.temperature,
        max_output_tokens=spec.max_output_tokens,
        timeout=spec.timeout,
        stream=spec.stream,
        price_in=spec.price_in,
        price_out=spec.price_out,
        fallback=spec.fallback,
    )
    return Model(
        **context.base,
        document=document,
        secret=spec.secret,
        endpoint=spec.endpoint,
        price_date=spec.price_date,
        price_source=spec.price_source,
    )


KIND = Kind("Model", ModelSpec, Model, resolve)
