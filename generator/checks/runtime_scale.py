"""A drain of nodes may take away all pods of a runtime at once, in a protected environment.

A node that is drained (for an update, for instance) asks the disruption budget how many pods may be away at the same
time: `availability.maxUnavailable`. Where that is as much as the smallest number of pods, all of them may go, and
nobody answers until new ones are ready. This concerns `api` and `worker`; of `scheduler` one pod leads and another
stands by.

Fix: raise `replicas.min` above `availability.maxUnavailable`.

Bad: `api: {replicas: {min: 1, max: 4}}` with `availability: {maxUnavailable: 1}`. Good: `min: 2`.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.rules.strictness import environment_of, is_protected
from generator.rules.waivers import Waivers

ROLES = ("api", "worker")


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each role that could lose all its pods, in a protected environment that is deployed."""
    environment = environment_of(catalogue)
    if environment is None or not environment.spec.deployed or not is_protected(catalogue):
        return
    waivers = Waivers(catalogue, "runtime-scale")
    for runtime in catalogue.all("Runtime"):
        found = list(_too_few(runtime))
        if found and not waivers.cover(runtime.kind, runtime.name):
            yield from found
    yield from waivers.unused()


def _too_few(runtime: Declared) -> Iterator[Problem]:
    away = runtime.spec.availability.max_unavailable
    for role in ROLES:
        pods = getattr(runtime.spec, role).replicas.min
        if pods <= away:
            message = f"{role} may have {pods} pod{'s' * (pods > 1)}, and a drain may take {away} away at once"
            loc = ("spec", role, "replicas", "min")
            yield runtime.problem(loc, "runtime-scale", message, f"at least {away + 1} pods are needed")


CHECK = Check("runtime-scale", run, each_environment=True)
