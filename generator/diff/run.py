"""The whole way of `apm diff`: a ref and the working tree -> a diff with its risks marked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generator.collector import uncollected
from generator.diff import risks
from generator.diff.compare import compare
from generator.diff.model import Diff, Risk
from generator.diff.sides import of_commit, of_working_tree
from runtime.registry import discover

if TYPE_CHECKING:
    from generator.pipeline import Built

RISKS: Mapping[str, Risk] = discover(risks, "RISK", Risk)


@uncollected()
def diff(root: Path, ref: str, environments: Sequence[str] = (), *, from_specs: bool = False,
         built: "Built | None" = None) -> Diff:  # fmt: skip
    """Return what the working tree changes against a commit.

    Raises:
        Failure: no repository, no such commit, no specs there, or no such environment.
        Rejected: something is wrong with the specs of the working tree.
    """
    old = of_commit(root, ref, render=from_specs)
    names = environments if set(environments).isdisjoint(old.environments) else ()
    new = of_working_tree(root, names, built)
    return compare(old, new, RISKS.values(), environments)
