"""A question to a person has no way on when nobody answers.

People are on holiday. An `approval` or `ask` needs to say what counts then: `timeout` with `onTimeout`, or an `onError`
that takes `timeout`. Otherwise the run waits until it fails. An `onTimeout` without `timeout` never counts, and one
that is no option of the approval would be a decision that nobody could have made.

Fix: say how long to wait and what counts then.

Bad: `approval: {message: "Publish it?"}`

Good: `approval: {message: "Publish it?", timeout: 24h, onTimeout: reject}`
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "unanswered-question")


CHECK = Check("unanswered-question", run, each_environment=True)
