"""Cases for a workflow that need no model and no cluster: written replies, given answers, and what has to come out.

`apm test` runs them on the same graph as the runtime, on a clock that jumps to whatever happens next. Servers are never
called: a case holds the results of tools and requests. Functions of the image are really called where it holds none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from generator.kinds.workflow import Workflow
from generator.model import Kind, Resolving, Thing
from runtime.contract import FileRef, Many, Money, Ref, Strict

Fault = Literal[
    "none", "timeout", "rate-limited", "unavailable", "rejected", "breaker-open", "malformed", "effect-unknown"
]


IN_TURN = "$inTurn"


def in_turn(written: Any) -> Sequence[Any]:
    """Return what is said at a step, one value for each time that the run comes to it."""
    if isinstance(written, Mapping) and IN_TURN in written:
        return cast("Mapping[str, Sequence[Any]]", written)[IN_TURN]
    return cast("tuple[Any]", (written,))


def _said(written: Any) -> Any:
    """Refuse a `$inTurn` that is no list of values."""
    turns: Mapping[str, Any] = cast("Mapping[str, Any]", written) if isinstance(written, Mapping) else {}
    listed = turns.get(IN_TURN)
    if turns.keys() >= {IN_TURN} and (len(turns) > 1 or not isinstance(listed, list | tuple) or not listed):
        raise PydanticCustomError("invalid-value", f"`{IN_TURN}` should be a list of values, and nothing beside it")
    return cast("Any", written)


Said = Annotated[Any, AfterValidator(_said)]
"""What is said at a step: one value, or `{$inTurn: [...]}`."""


class Expected(Strict):
    """What has to come out of a case; what is not named is not looked at."""

    status: Literal["succeeded", "failed", "waiting", "timeout"] = "succeeded"
    """How the run ends."""
    path: Many[str] | None = None
    """Steps of the workflow itself that were executed, in order; skipped ones are left out."""
    visits: dict[str, Annotated[int, Field(ge=0)]] = {}
    """How often single steps were executed; a step inside another one is written `plan/assess/risk-assessment`."""
    takes: Many[str] = ()
    """Branches of the workflow itself that the run takes, as `apm test --coverage` names them: `decide/switch[1]`."""
    calls: dict[str, Many[dict[str, Any]]] = {}
    """Calls by tool or function (`POST https://...` for a request), in order, failed attempts too: arguments that each
    call has to have, among others. An empty list says that there is no call."""
    emitted: dict[Annotated[str, Ref("Channel")], Many[dict[str, Any]]] = {}
    """Events by channel, in order: fields that each payload has to have, among others."""
    compensated: Many[str] | None = None
    """Completed steps that were undone, in that order; those inside others are written `plan/book`."""
    state: dict[str, Any] = {}
    """Fields of the workflow's state at the end, and their values."""
    output: dict[str, Any] = {}
    """Fields of the run's output and their values."""
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    """Tokens, in and out, that the run may use at most; written replies count four characters as one token."""
    max_cost: Money | None = None
    """Money that the model calls of the run may cost at most, by the prices of the models in the test's environment."""
    problem: str | None = None
    """Problem type of a run that fails."""


class Case(Strict):
    """One run. Steps are named by their path below the workflow, such as `review` or `plan/assess/risk-assessment`."""

    name: str
    """What the case shows, as a statement."""
    input: dict[str, Any] = {}
    """Input of the run."""
    replies: Annotated[str | dict[str, Many[dict[str, Any]]], FileRef("text")] = {}
    """Replies by agent, used up in order, the last one repeats; or a `.replies.yaml` file with `agents`."""
    but: dict[Annotated[str, Ref("Agent")], Annotated[Many[dict[str, Any]], Field(min_length=1)]] = {}
    """Fields in which the replies of single agents differ from `replies`: the first mapping is laid over the first
    reply and so on, the last one over all that follow."""
    tools: dict[Annotated[str, Ref("Tool")], Annotated[Many[Any], Field(min_length=1)]] = {}
    """Results by tool, used up in order, the last one repeats; `{$fail: {type, title}}` is a call that fails."""
    steps: dict[str, Annotated[Many[Any], Field(min_length=1)]] = {}
    """Results of `tool`, `function` and `http` steps, by step; they come before those of `tools`."""
    faults: dict[str, Annotated[Many[Fault], Field(min_length=1)]] = {}
    """What happens to the calls that a step makes, in order: a problem type, `malformed` for an answer that can't be
    used, `none` for a call that goes through. All of them have to be used."""
    answers: dict[str, Said] = {}
    """What is answered where the run waits for a person, by step; a list where several people have to choose, and
    `{decision, payload}` where the payload of an approval is edited. Where a step asks more than once,
    `{$inTurn: [reject, accept]}`: used up in order, the last one repeats, and all have to be used."""
    unanswered: Many[str] = ()
    """Steps at which nobody answers, or no event comes, until their time is up: the clock jumps there."""
    events: dict[str, Said] = {}
    """Payloads of the events that come when a step listens, by step; by step and channel where it listens to several of
    them. `$inTurn` as in `answers`."""
    expect: Expected = Expected()
    """What has to come out."""


class WorkflowTestSpec(Strict):
    """Cases of one workflow."""

    workflow: Annotated[str, Ref("Workflow")]
    """Workflow that is tested."""
    environment: Annotated[str, Ref("Environment")]
    """Environment whose overlays apply; not a protected one, since written replies are refused there."""
    unreachable: dict[str, Annotated[str, Field(min_length=10)]] = {}
    """Branches of the workflow that no run can take, each with the reason, such as `sort/default`: they don't count for
    coverage, and a case that takes one fails."""
    cases: Annotated[Many[Case], Field(min_length=1)]
    """The runs."""


@dataclass(frozen=True)
class WorkflowTest(Thing):
    """Cases, resolved."""

    workflow: Workflow
    environment: str
    unreachable: Mapping[str, str]
    """Branches that no run takes, and why."""
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
        unreachable=spec.unreachable,
        cases=spec.cases,
        replies=replies,
    )


KIND = Kind("WorkflowTest", WorkflowTestSpec, WorkflowTest, resolve)
