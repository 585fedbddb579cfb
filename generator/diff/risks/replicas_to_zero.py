"""A workload stops, or a workflow is no longer started.

No pods means that nothing answers and nothing is executed, and alerts on what is missing may stay silent, because
nothing reports any more. Where a pause is meant, say in the pull request until when.

Marked: `replicas: 0`, an autoscaler whose `maxReplicas` is 0, a CronJob with `suspend: true`, a schedule or channel
that started a workflow and is gone, another schedule.
Not marked: fewer replicas than before, but one at least.
"""

from collections.abc import Iterator

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import WORKFLOW, at, documents, of, triggers

_COUNTS = {"Deployment": "replicas", "StatefulSet": "replicas", "HorizontalPodAutoscaler": "maxReplicas"}


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark where the new side has no pods and the old one had, or is new."""
    yield from _triggers(change)
    new = change.new
    if new is None:
        return
    key = _COUNTS.get(new.kind)
    if key and at(new.value, "spec", key) == 0 and at(of(change.old, new.kind), "spec", key) != 0:
        yield Mark("replicas-to-zero", f"{new.kind} {new.name} runs no pods any more", f"spec.{key}")
    if (
        new.kind == "CronJob"
        and at(new.value, "spec", "suspend")
        and not at(of(change.old, "CronJob"), "spec", "suspend")
    ):
        yield Mark("replicas-to-zero", f"CronJob {new.name} is suspended", "spec.suspend")


def _triggers(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, WORKFLOW)
    for trigger in triggers(old) if new else ():
        if trigger not in triggers(new):
            path = f"{base}.triggers"
            yield Mark("replicas-to-zero", f"workflow {new.get('name')} is no longer started by {trigger}", path)


RISK = Risk("replicas-to-zero", run)
