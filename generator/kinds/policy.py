"""A rule for rendered objects, in CEL: checked when objects are rendered, and enforced by the cluster."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from generator.model import Kind, Resolving, Thing
from runtime.contract import FileRef, Many, Strict

Sample: TypeAlias = Annotated[str | dict[str, Any], FileRef("text")]
"""An object, written here or in a JSON file beside the policy."""


class Match(Strict):
    """Kinds of objects."""

    api_groups: Annotated[Many[str], Field(min_length=1)]
    """API groups, such as `apps`; the core group is the empty text."""
    kinds: Annotated[Many[str], Field(min_length=1)]
    """Kinds in these groups, such as `Deployment`."""


class Variable(Strict):
    """A value that several expressions need."""

    name: Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
    """Name; expressions read `variables.<name>`."""
    expression: str
    """CEL over `object` and the variables above."""


class Validation(Strict):
    """One thing that has to hold."""

    expression: str
    """CEL over `object` and `variables` that is true where the object is fine."""
    message: str
    """What is wrong where it is not, in one sentence."""


class PolicySpec(Strict):
    """One rule. It is written once, checked while rendering, and rendered as a ValidatingAdmissionPolicy.

    Expressions see `object`, and as `variables` those declared here, `params`, `podSpec` (of a Pod, or of what makes
    Pods) and `containers` (init containers included).
    """

    match: Annotated[Many[Match], Field(min_length=1)]
    """Objects that it looks at."""
    environments: Literal["all", "protected"] = "all"
    """Where it holds: everywhere, or in protected environments only."""
    severity: Literal["error", "warning"] = "error"
    """Whether an object is refused, or only told of."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Values that expressions read as `variables.params`; an environment's overlay can change them."""
    variables: Many[Variable] = ()
    """Values that several expressions need, in order."""
    validations: Annotated[Many[Validation], Field(min_length=1)]
    """All of them have to hold."""
    pass_: Annotated[Many[Sample], Field(min_length=1, alias="pass")]
    """Objects that are fine."""
    fail: Annotated[Many[Sample], Field(min_length=1)]
    """Objects that are refused; each validation has to refuse one of them at least."""


@dataclass(frozen=True)
class Policy(Thing):
    """A rule, resolved."""

    spec: PolicySpec


def resolve(spec: PolicySpec, context: Resolving) -> Policy:
    """Return the rule."""
    return Policy(**context.base, spec=spec)


KIND = Kind("Policy", PolicySpec, Policy, resolve)
