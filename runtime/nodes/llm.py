"""Ask a language model one question, without tools and without turns."""

from typing import Annotated, Any

from pydantic import Field

from runtime import expressions
from runtime.contract import Context, NodeType, Ref, Step, Strict, Template


class Llm(Strict):
    """One call of a model."""

    model: Annotated[str, Ref("Model")]
    """The model."""
    prompt: Annotated[str, Template("jinja")]
    """What is asked; `{{ }}` is Jinja2 over the roots of expressions."""
    json_schema: Annotated[dict[str, Any], Field(alias="schema")] = Field(default_factory=dict)
    """JSON Schema that the answer is held to; without it the answer is a text."""


class LlmStep(Step):
    """Ask a model; the output is its answer: a value that the schema holds, or a text."""

    llm: Llm
    """The call."""


async def run(step: LlmStep, context: Context) -> Any:
    """Return the model's answer."""
    prompt = expressions.prose(step.llm.prompt, context.scope)
    return await context.services.model(step.llm.model, prompt, step.llm.json_schema, context)


NODE = NodeType("llm", LlmStep, run)
