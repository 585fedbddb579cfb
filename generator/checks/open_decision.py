"""A switch decides by a text of a model, and nothing says which texts there are.

An agent answers within its output schema. Where that allows any text, it may answer `Done`, `done.` or a sentence, no
case matches, and the run takes the default without anybody having meant it. With an `enum` the answer is held to the
labels when it is given (the model is told, and asked again), and the cases can be checked against them here.

Fix: list the labels in the output schema of the agent, or in the `schema` of the `llm` step.

Bad:

    output: {type: object, required: [verdict], properties: {verdict: {type: string}}}

Good: `verdict: {enum: [complete, revise]}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "open-decision")


CHECK = Check("open-decision", run, each_environment=True)
