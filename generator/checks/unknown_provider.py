"""The provider of a model is nearly, but not quite, one that is known.

`local`, `scripted` and `openai-compatible` are built in; any other name is that of a LangChain integration. A name that
is unlike all known ones is taken as such; one that is nearly a known one is a slip, which would fail the first call.

Fix: correct the name.

Bad: `provider: openai-compatable`. Good: `provider: openai-compatible`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, meant, nearest

CODE = "unknown-provider"
KNOWN = (
    "local", "scripted", "openai-compatible", "openai", "anthropic", "azure_openai", "azure_ai", "google_vertexai",
    "google_genai", "google_anthropic_vertex", "bedrock", "bedrock_converse", "cohere", "fireworks", "together",
    "mistralai", "huggingface", "groq", "ollama", "deepseek", "ibm", "nvidia", "xai", "perplexity",
)  # fmt: skip
"""Those built in, and those that LangChain's `init_chat_model` documents."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each slip where it stands."""
    for model in catalogue.all("Model"):
        name = model.spec.provider
        best = None if name in KNOWN else meant(name, KNOWN)
        if best is not None:
            loc = ("spec", "provider")
            fix = model.document.rename(loc, name, best)
            yield model.problem(loc, CODE, f'there is no provider "{name}"', nearest(name, KNOWN), fix=fix)


CHECK = Check(CODE, run, each_environment=True)
