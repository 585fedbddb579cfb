"""A protected environment would be answered by a script instead of a model.

The provider `scripted` gives prepared replies: good for tests, and wrong wherever an answer counts. In protected
environments the runtime refuses it; so do we, before it is deployed.

Fix: name a real provider, by an overlay of the other environments if the script is meant for them.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules.strictness import is_protected
from generator.rules.waivers import Waivers


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each scripted model in a protected environment."""
    if not is_protected(catalogue):
        return
    waivers = Waivers(catalogue, "scripted-model")
    for model in catalogue.all("Model"):
        if model.spec.provider == "scripted" and not waivers.cover(model.kind, model.name):
            message = "a protected environment can't be answered by a script"
            yield model.problem(("spec", "provider"), "scripted-model", message, "name a real provider")
    yield from waivers.unused()


CHECK = Check("scripted-model", run, each_environment=True)
