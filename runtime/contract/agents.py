"""What an agent may do, what is looked at on its way, and what counts when it is not sure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from runtime.contract.values import Expr, FileRef, Many, Ref, Strict

# --- permissions -----------------------------------------------------------------------------------------------------


class Calls(Strict):
    """Some calls of a tool, by its arguments."""

    tool: str
    """Tool, pattern with `*`, or effect."""
    when: Annotated[str, Expr("bool")]
    """CEL over `input`, the arguments of the call, such as `input.total > 1000.0`."""


def _form(entry: Any) -> str:
    return "calls" if isinstance(entry, Mapping | Calls) else "word"


Entry: TypeAlias = Annotated[Annotated[str, Tag("word")] | Annotated[Calls, Tag("calls")], Discriminator(_form)]
"""An effect, a tool or a pattern of tools; or some of its calls."""


class Permissions(Strict):
    """What an agent may do with its tools, by effect, tool, or pattern of tools such as `file-*`, and by arguments.

    Deny wins over ask, and ask over allow. A condition that can't be computed counts under `deny` and `ask`, and not
    under `allow`.
    """

    allow: Many[Entry] = ("read",)
    """What it may do without asking."""
    ask: Many[Entry] = ()
    """What a person confirms first."""
    deny: Many[Entry] = ()
    """What it may never do."""


# --- guardrails ------------------------------------------------------------------------------------------------------

Point: TypeAlias = Literal["input", "output", "toolInput", "toolOutput"]
Personal: TypeAlias = Literal["iban", "taxId", "phone", "mail", "card"]
_RULES = ("schema", "regex", "cel", "pii", "llm")


class Pattern(Strict):
    """What a text has to look like, in the syntax of RE2; exactly one of both is written."""

    deny: str | None = None
    """What must not occur."""
    require: str | None = None
    """What has to occur."""

    @model_validator(mode="after")
    def _one(self) -> "Pattern":
        if (self.deny is None) == (self.require is None):
            raise PydanticCustomError("one-pattern", "a pattern is exactly one of deny and require")
        return self


class Judge(Strict):
    """A question to a model about what is looked at."""

    model: Annotated[str, Ref("Model")]
    """The model that is asked."""
    question: str
    """What has to be true, such as `Is it polite?`; everything but a clear yes counts as no."""


class Guardrail(Strict):
    """What is looked at before an agent gets or says something; exactly one of the five rules is written."""

    at: Annotated[Many[Point], Field(min_length=1)]
    """Where: the task (`input`), the answer (`output`), the arguments of a tool, and its result."""
    tools: Many[Annotated[str, Ref("Tool")]] = ()
    """Tools whose arguments and results are looked at; none for all of them."""
    schema_: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = Field(default=None, alias="schema")
    """JSON Schema that the value holds: a file beside the spec, or written here."""
    regex: Pattern | None = None
    """What its text must or must not contain."""
    cel: Annotated[str | None, Expr("bool")] = None
    """CEL over `input` (the task, or the arguments) and, where there is one, `output` (the answer, or the result)."""
    pii: Many[Personal] | None = None
    """Personal data that must not be in it; `iban`, `taxId` (German) and `card` count by their check digits."""
    llm: Judge | None = None
    """What a model is asked about it."""
    on_fail: Literal["retry", "block", "fix", "approve"] = "block"
    """`block` fails the step, `retry` tells the model what is wrong and lets it try again, `fix` takes personal data
    out and goes on, `approve` asks a person."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "Guardrail":
        given = [rule for rule in _RULES if getattr(self, "schema_" if rule == "schema" else rule) is not None]
        if len(given) != 1:
            what = "none" if not given else " and ".join(given)
            message = "a guardrail has exactly one of schema, regex, cel, pii and llm, this one has {what}"
            raise PydanticCustomError("one-rule", message, {"what": what})
        if self.on_fail == "fix" and self.pii is None:
            raise PydanticCustomError("no-fix", "only personal data can be taken out; `fix` needs `pii`")
        if self.on_fail == "retry" and "input" in self.at:
            raise PydanticCustomError("no-retry", "nobody can give the task again; `retry` is not for `input`")
        return self


# --- decisions -------------------------------------------------------------------------------------------------------


class Decision(Strict):
    """A field of the answer that a workflow decides by; its labels are the `enum` of the output schema."""

    fallback: str
    """Label that counts when the answer is none of the labels, or not sure enough."""
    confidence: str | None = None
    """Field of the answer that says how sure it is, from 0 to 1."""
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Below it, `fallback` counts; for this, `confidence` is written."""


# --- teams -----------------------------------------------------------------------------------------------------------

Strategy: TypeAlias = Literal[
    "handoff", "router", "sequential", "parallel", "swarm", "round_robin", "plan_execute", "manual"
]
