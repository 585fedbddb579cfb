"""A workflow is started twice by the same thing.

Two triggers with one channel start two runs for each event, and two with one schedule two runs at each time, which do
the same work with the same input at the same time.

Fix: delete one of them, or give them different inputs or times.

Bad: `triggers: [{channel: orders}, {channel: orders, concurrencyPolicy: Allow}]`. Good: `triggers: [{channel: orders}]`
"""

import json
from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each trigger that says what an earlier one says."""
    for workflow in catalogue.all("Workflow"):
        first: dict[str, int] = {}
        for index, trigger in enumerate(workflow.spec.triggers):
            says = trigger.channel or json.dumps([trigger.cron, trigger.time_zone, trigger.input], sort_keys=True)
            before = first.setdefault(says, index)
            if before != index:
                loc = ("spec", "triggers")
                related = ((workflow.document.at((*loc, before)), "the same stands here"),)
                message = f"this starts a second run for each {'event' if trigger.channel else 'time'}"
                hint = "delete one of the two triggers"
                yield workflow.problem((*loc, index), "double-trigger", message, hint, related=related)


CHECK = Check("double-trigger", run, each_environment=True)
