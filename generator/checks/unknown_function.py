"""A tool or a step names a function that the runtime image does not ship.

Such a call fails in every run with `not-found`, and nothing before that says so: `apm explain functions` lists the
functions there are, with their arguments.

Fix: correct the name (the nearest one is suggested), or ship the function: a module in `runtime/functions/`.

Bad: `function: serch`. Good: `function: search`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, nearest
from generator.references import marked
from runtime.contract import Registered
from runtime.functions import registered


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each name where it stands."""
    known = registered()
    for spec in catalogue.specs:
        for loc, _, name in marked(spec, Registered):
            if isinstance(name, str) and name not in known:
                hint = nearest(name, known) or "`apm explain functions` lists them"
                yield spec.problem(loc, "unknown-function", f'the runtime ships no function "{name}"', hint)


CHECK = Check("unknown-function", run, each_environment=True)
