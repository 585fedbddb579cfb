"""The database of a protected environment has fewer than three members.

Runs, checkpoints and what agents keep are in one MongoDB. With one member a restart stops everything; with two, the
loss of one leaves no majority, and nothing can be written. Three survive the loss of any one of them.

Fix: give the replica set three members, or make an exception with a Waiver.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.rules.strictness import environment_of, is_protected
from generator.rules.waivers import Waivers

MEMBERS = 3
"""Smallest number of members of which a majority is left when one is lost."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each store that is too small, in a protected environment that is deployed."""
    environment = environment_of(catalogue)
    if environment is None or not environment.spec.deployed or not is_protected(catalogue):
        return
    waivers = Waivers(catalogue, "store-members")
    for store in catalogue.all("StateStore"):
        if store.spec.members < MEMBERS and not waivers.cover(store.kind, store.name):
            message = f"a protected environment needs {MEMBERS} members, this replica set has {store.spec.members}"
            yield store.problem(("spec", "members"), "store-members", message)
    yield from waivers.unused()


CHECK = Check("store-members", run, each_environment=True)
