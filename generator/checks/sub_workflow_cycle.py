"""A workflow runs itself, directly or through others.

A `workflow` step starts another workflow and waits for it. Where the chain comes back to its beginning, no run could
ever end.

Fix: repeat steps inside one workflow instead, with `next` or a `switch`, and bound the repetition with `maxVisits`.

Bad: `plan` has a step `{id: again, workflow: review}` and `review` has a step `{id: back, workflow: plan}`.

Good: `review` answers with a verdict, and `plan` decides by it:

    steps:
      - {id: review, workflow: review, save: {verdict: "${output.verdict}"}}
      - {id: decide, switch: [{when: "state.verdict == 'revise'", then: review}], default: end, maxVisits: 3}
"""

from collections.abc import Iterable, Mapping

from generator.model import Catalogue, Check, Loc
from generator.problems import Place, Problem
from generator.workflows.flow import calls

Calls = Mapping[str, Mapping[str, Loc]]


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each group of workflows that run each other once, at its first workflow by name."""
    found = calls(catalogue)
    reported: set[str] = set()
    for name in sorted(found):
        cycle = [] if name in reported else _way_back(name, found)
        if cycle:
            reported.update(cycle)
            yield _problem(catalogue, cycle, found)


def _way_back(start: str, found: Calls) -> list[str]:
    """Return the shortest chain from a workflow to itself, without its last link; nothing if there is none."""
    before: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for below in found[name]:
            if below == start:
                chain = [name]
                while chain[-1] != start:
                    chain.append(before[chain[-1]])
                return chain[::-1]
            if below not in before:
                before[below] = name
                queue.append(below)
    return []


def _problem(catalogue: Catalogue, cycle: list[str], found: Calls) -> Problem:
    links = [(name, cycle[(index + 1) % len(cycle)]) for index, name in enumerate(cycle)]
    (first, below), *others = links
    related = [(_at(catalogue, name, found[name][other]), f"{name} runs {other}") for name, other in others]
    spec = catalogue.find("Workflow", first)
    assert spec is not None
    return spec.problem(
        found[first][below],
        "sub-workflow-cycle",
        f"no run would ever end: {' runs '.join([*cycle, first])}",
        "repeat steps inside one workflow, bounded by `maxVisits`",
        related=related,
    )


def _at(catalogue: Catalogue, name: str, loc: Loc) -> Place:
    spec = catalogue.find("Workflow", name)
    assert spec is not None
    return spec.document.at(loc)


CHECK = Check("sub-workflow-cycle", run, each_environment=True)
