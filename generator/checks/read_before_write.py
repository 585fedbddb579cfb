"""A state field, or the output of a step, is read on a path on which nothing has written it.

A field without `default` is null until a step writes it; a step that was skipped, has failed or was never reached has
no output. On the path that is shown, the read gives null or fails. A `parallel` counts with the fields that are written
whichever branches it waits for, a `forEach` with none, since its list may be empty; a step with `when` may be skipped,
and one that fails and goes on through `onError` has written nothing.

Fix: write the field on that path, give it a `default` (`default: null` says that null is meant), or test it.

Bad, when the tool fails:

    state: {rows: {type: array}}
    steps:
      - {id: read, tool: query, save: {rows: "${output.rows}"}, onError: [{goto: report}]}
      - {id: report, agent: writer, with: {rows: "${state.rows}"}}

Good: `state: {rows: {type: array, default: []}}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each, with what leads to it."""
    return reviewed(catalogue, "read-before-write")


CHECK = Check("read-before-write", run, each_environment=True)
