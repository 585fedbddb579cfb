"""A Waiver names a rule from which there are no exceptions.

Exceptions can be made from policies (by the name of the Policy) and from the checks of what is unwise but would work.
What could not work at all, such as a dead reference, has none.

Fix: correct the name (the nearest one is suggested).
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, nearest
from generator.rules.waivers import WAIVABLE


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such name where it stands."""
    known = (*WAIVABLE, *catalogue.names("Policy"))
    for waiver in catalogue.all("Waiver"):
        rule = waiver.spec.rule
        if rule not in known:
            hint = nearest(rule, known) or "a policy by its name, or one of " + ", ".join(WAIVABLE)
            yield waiver.problem(("spec", "rule"), "unknown-rule", f'there are no exceptions from "{rule}"', hint)


CHECK = Check("unknown-rule", run)
