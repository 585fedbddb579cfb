"""Wait for a person to choose."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runtime import expressions
from runtime.contract import (
    Answer,
    Context,
    Duration,
    Many,
    Needs,
    NodeType,
    Pause,
    Ref,
    Step,
    Strict,
    Template,
    millis,
)
from runtime.problems import failed


class Approval(Strict):
    """What is decided, by whom and until when."""

    message: Annotated[str, Template("jinja")]
    """What the person is asked; `{{ }}` is Jinja2 over the roots of expressions."""
    options: Annotated[Many[str], Field(min_length=1)] = ("accept", "reject")
    """What can be chosen."""
    assignees: Annotated[Many[str], Ref("Team")] = ()
    """Teams that may choose; without one, everybody with access to the run."""
    timeout: Duration | None = None
    """How long the run waits; without it, until the run itself times out."""
    on_timeout: str | None = None
    """Option that counts when nobody chose in time; without it the step fails as `timeout`."""
    payload: Annotated[Any, Template()] = None
    """Values that the person is shown."""
    edit: dict[str, Any] | None = None
    """JSON Schema: the person may change the payload, and what comes back is held to it."""
    required: Annotated[int, Field(ge=1, le=20)] = 1
    """How many different people have to choose the same option."""

    @model_validator(mode="after")
    def _one_edits(self) -> "Approval":
        if self.edit is not None and self.required > 1:
            raise PydanticCustomError("edited-by-many", "a payload that may be edited is decided by one person")
        return self


class ApprovalStep(Step):
    """Wait for people; the output is `{decision, by, comment, payload, votes}`.

    `payload` is what was shown, or what the person has made of it; `votes` is what each of several people has chosen.
    """

    approval: Approval
    """What is decided."""


async def run(step: ApprovalStep, context: Context) -> Any:
    """Return the decision; a decision outside the options never gets here, the runtime refuses it when it is given."""
    asked = step.approval
    answer = context.pause(_pause(asked, context))
    if answer.timed_out:
        answer = _nobody_chose(asked)
    value: Any = answer.value
    edited = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {"decision": value}
    payload = edited["payload"] if "payload" in edited else expressions.value(asked.payload, context.scope)
    said = {"by": answer.by, "comment": answer.comment, "votes": list(answer.votes)}
    return {"decision": edited["decision"], "payload": payload, **said}


def _pause(asked: Approval, context: Context) -> Pause:
    return Pause(
        "approval",
        message=expressions.prose(asked.message, context.scope),
        options=asked.options,
        assignees=asked.assignees,
        payload=expressions.value(asked.payload, context.scope),
        schema=asked.edit if asked.edit is not None else {},
        edit=asked.edit is not None,
        required=asked.required,
        deadline=context.services.now() + millis(asked.timeout) if asked.timeout else None,
    )


def _nobody_chose(asked: Approval) -> Answer:
    if asked.on_timeout is None:
        raise failed("timeout", "Nobody decided in time", f"waited {asked.timeout}")
    return Answer(asked.on_timeout, "timeout", f"nobody decided within {asked.timeout}")


NODE = NodeType("approval", ApprovalStep, run, Needs(waits=True))
