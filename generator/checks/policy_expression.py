"""An expression of a policy can't be used.

Expressions of policies are CEL over `object` and `variables`. They are compiled here with the functions that
Kubernetes has too. What exists only while the API server handles a request (`oldObject`, `request`, `authorizer`) is
refused: a policy has to say the same when objects are rendered.

Fix: the message names the place inside the expression.

Bad: `object.spec.type = 'NodePort'`. Good: `object.spec.type != 'NodePort'`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules.policy import faults
from generator.workflows.spans import inside


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each expression that can't be compiled, at the place in it."""
    for policy in catalogue.all("Policy"):
        for fault in faults(policy.spec):
            field, index, key = fault.loc
            loc = ("spec", *fault.loc)
            text = getattr(getattr(policy.spec, str(field))[index], str(key))
            found = policy.problem(loc, "policy-expression", fault.message, fault.hint)
            place = inside(catalogue.files.get(found.place.file, ""), found.place, text, fault.offset, fault.length)
            yield Problem(place, found.code, found.message, found.hint, found.path)


CHECK = Check("policy-expression", run, each_environment=True)
