"""Cases for a workflow that need no model and no cluster: written replies, given answers, and what has to come out.

`apm test` runs them on the same graph as the runtime. Tools are really called where a case lets an agent call one.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from generator.kinds.workflow import Workflow
from generator.model import Kind, Resolving, Thing
from runtime.contract import FileRef, Many, Ref, Strict


class Expected(Strict):
    """What has to come out of a case; what is not named is not looked at."""

    status: Literal["succeeded", "failed", "waiting"] = "succeeded"
    """How the run ends."""
    path: Many[str] | None = None
    """Steps of the workflow itself that were executed, in order; skipped ones are left out."""
    visits: dict[str, Annotated[int, Field(ge=0)]] = {}
    """How often single steps were executed; a step inside another one is written `plan/assess/risk-assessment`."""
    output: dict[str, Any] = {}
    """Fields of the run's output and their values."""
    problem: str | None = None
    """Problem type of a run that fails."""


class Case(Strict):
    """One run."""

    name: str
    """What the case shows, as a statement."""
    input: dict[str, Any] = {}
    """Input of the run."""
    replies: Annotated[str | dict[str, Many[dict[str, Any]]], FileRef("text")] = {}
    """Replies by agent, used up in order, the last one repeats; or a `.replies.yaml` file with `agents`."""
    answers: dict[str, Any] = {}
    """What is answered where the run waits for a person, by step."""
    expect: Expected = Expected()
    """What has to come out."""


class WorkflowTestSpec(Strict):
    """Cases of one workflow."""

    workflow: Annotated[str, Ref("Workflow")]
    """Workflow that is tested."""
    environment: Annotated[str, Ref("Environment")]
    """Environment whose overlays apply; not a protected one, since written replies are refused there."""
    cases: Annotated[Many[Case], Field(min_length=1)]
    """The runs."""


@dataclass(frozen=True)
class WorkflowTest(Thing):
    """Cases, resolved."""

    workflow: Workflow
    environment: str
    cases: tuple[Case, ...]
    replies: tuple[Any, ...]
    """For each case: replies by agent, or the text of the file that holds them."""


def resolve(spec: WorkflowTestSpec, context: Resolving) -> WorkflowTest:
    """Return the cases with their workflow and replies."""
    replies = tuple(context.text(c.replies) if isinstance(c.replies, str) else c.replies for c in spec.cases)
    return WorkflowTest(
        **context.base,
        workflow=context.find(Workflow, spec.workflow),
        environment=spec.environment,
        cases=spec.cases,
        replies=replies,
    )


KIND = Kind("WorkflowTest", WorkflowTestSpec, WorkflowTest, resolve)
