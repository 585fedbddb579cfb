"""A step hands over something that is refused whatever happens.

Tools, functions, sub-workflows and channels hold what they get to their JSON Schema. A name that the schema does not
have, a required one that is missing, a value of another type or outside an `enum` fails the step in every run; here it
is found before. Values are compared by their types where they come from expressions.

Fix: correct the name (the nearest one is suggested) or the value, or change the schema.

Bad, where the tool's input schema has `query: {enum: [stock-by-product, open-transactions]}`:

    - {id: read, tool: database-query, with: {query: stock}}

Good: `with: {query: stock-by-product}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "wrong-argument")


CHECK = Check("wrong-argument", run, each_environment=True)
