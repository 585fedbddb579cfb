"""Choose the next step by conditions, in order; the first that holds counts."""

from typing import Annotated

from runtime.contract import Expr, Many, NodeType, Step, Strict


class Case(Strict):
    """One way on."""

    when: Annotated[str, Expr("bool")]
    """CEL condition."""
    then: str
    """Step that follows, or `end`."""


class SwitchStep(Step):
    """Choose the next step."""

    switch: Many[Case]
    """Cases, in order."""
    default: str
    """Step that follows when no case holds, or `end`."""


NODE = NodeType("switch", SwitchStep)
