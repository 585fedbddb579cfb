"""An expression uses a value as something that it is not.

The forms of values are known before a run: the input by its JSON Schema, the outputs of agents, tools, functions and
`llm` steps by theirs, `{decision, by, comment}` of an approval, state fields by their declaration and by everything
that is written to them, and outputs of sub-workflows through all of that. An operator on values that it does not take,
a field of a text, a condition that is no truth value, or a value of another type for a state field fails every run that
gets there. Quality gates of agents are held to the output schema of the agent.

Numbers: CEL calculates whole numbers with whole numbers and others with others. `2 * 0.5` is an error, `2.0 * 0.5` and
`double(input.count) * 0.5` are not. Comparing them is fine.

Fix: convert the value (`double()`, `string()`, `int()`), take its size, or correct the schema or the declaration.

Bad, where `questions` is a list:

    when: state.questions > 0

Good: `when: state.questions.size() > 0`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "expression-type")


CHECK = Check("expression-type", run, each_environment=True)
