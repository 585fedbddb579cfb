"""All mistakes in all reference specs: `make mutants` writes what became of them to docs/mutants.md."""

import argparse
import gc
import json
import sys
from collections import Counter
from contextlib import nullcontext
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from tests.mutation.operators import Mutant, mutants, sample
from tests.mutation.report import page
from tests.mutation.repository import Repository
from tests.mutation.verdicts import Verdict, judge

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mutants.md"


SHARES = 64
"""Parts of the work: what is done is kept, and told, after each."""


def rows(arguments: tuple[Path, int, int]) -> list[dict[str, Any]]:
    """Return operator, kind, outcome, reason and a line for people of a share of the mutants."""
    root, each, share = arguments
    repository, chosen, first = _chosen(root, each)
    return [row(judge(repository, mutant, thorough=id(mutant) in first)) for mutant in chosen[share::SHARES]]


@cache
def _chosen(root: Path, each: int) -> tuple[Repository, list[Mutant], set[int]]:
    """Return the repository, its mutants, and which of them are the first of their sort and field."""
    repository = Repository.read(root)
    chosen = sample(mutants(repository), each) if each else list(mutants(repository))
    gc.freeze()  # what stays is not looked through for garbage at each mutant
    return repository, chosen, {id(mutant) for mutant in sample(chosen)}


def row(verdict: Verdict) -> dict[str, Any]:
    """Return what the page needs of a verdict."""
    mutant = verdict.mutant
    return {"operator": mutant.operator, "kind": mutant.spec.kind, "shape": mutant.shape, "outcome": verdict.outcome,
            "why": verdict.why, "shown": verdict.shown, "text": str(verdict)}  # fmt: skip


def main() -> None:
    """Judge them in several processes; exits 1 where a harmful one passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="repository whose specs are spoilt")
    parser.add_argument("--each", type=int, default=0, help="mutants of each operator and field; all by default")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every verdict here, one a line, while it goes on")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    found: list[dict[str, Any]] = []
    with Pool(chosen.jobs) as pool, chosen.json.open("w") if chosen.json else nullcontext() as lines:
        for share, part in enumerate(pool.imap(rows, [(chosen.root, chosen.each, n) for n in range(SHARES)]), 1):
            found += part
            print(f"{share} of {SHARES}: {dict(Counter(one['outcome'] for one in found))}", file=sys.stderr)
            if lines:
                lines.writelines(json.dumps(one) + "\n" for one in part)
    chosen.page.write_text(page(found, chosen.each))
    print(dict(Counter(one["outcome"] for one in found)))
    sys.exit(any(one["outcome"] in ("missed", "crashed") for one in found))


if __name__ == "__main__":
    main()
