"""Ask a person for a value."""

from typing import Annotated, Any

from pydantic import Field

from runtime import expressions
from runtime.contract import Context, Duration, Many, Needs, NodeType, Pause, Ref, Step, Strict, Template, millis
from runtime.problems import failed


class Ask(Strict):
    """What is asked, of whom and until when."""

    question: Annotated[str, Template("jinja")]
    """What the person is asked; `{{ }}` is Jinja2 over the roots of expressions."""
    json_schema: Annotated[dict[str, Any], Field(alias="schema")] = Field(default_factory=lambda: {"type": "string"})
    """JSON Schema that the answer is held to; a text by default."""
    assignees: Annotated[Many[str], Ref("Team")] = ()
    """Teams that may answer; without one, everybody with access to the run."""
    timeout: Duration | None = None
    """How long the run waits; without it, until the run itself times out."""
    on_timeout: Any = None
    """Answer that counts when nobody answered in time; without it the step fails as `timeout`."""


class AskStep(Step):
    """Ask a person; the output is the answer."""

    ask: Ask
    """What is asked."""


async def run(step: AskStep, context: Context) -> Any:
    """Return the answer; one that the schema refuses never gets here, the runtime refuses it when it is given."""
    asked = step.ask
    deadline = context.services.now() + millis(asked.timeout) if asked.timeout else None
    question = expressions.prose(asked.question, context.scope)
    answer = context.pause(
        Pause("ask", message=question, schema=asked.json_schema, assignees=asked.assignees, deadline=deadline)
    )
    if not answer.timed_out:
        return answer.value
    if asked.on_timeout is None:
        raise failed("timeout", "Nobody answered in time", f"waited {asked.timeout}")
    return asked.on_timeout


NODE = NodeType("ask", AskStep, run, Needs(waits=True))
