"""Run another workflow as a step of this one."""

from typing import Annotated

from runtime.contract import Inputs, Needs, NodeType, Ref, Step


class WorkflowStep(Step, Inputs):
    """Run a workflow; the values of `with` are its input, the step's output is its output.

    It has a state of its own and spends from the same budget. What it waits for, this run waits for.
    """

    workflow: Annotated[str, Ref("Workflow")]
    """The workflow."""


NODE = NodeType("workflow", WorkflowStep, needs=Needs(effect=True, waits=True))
