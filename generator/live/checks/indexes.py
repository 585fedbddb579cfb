"""Were the indexes of the state stores built, as they are declared now?"""

from collections.abc import Iterable
from typing import Any

from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong


def run(patient: Patient) -> Iterable[Answer]:
    """Look at the index Job of each store; it is named by its content, so an older one does not count."""
    namespace = patient.environment.namespace
    for job in patient.of("Job"):
        name = job["metadata"]["name"]
        found = patient.cluster.find("batch/v1", "Job", namespace, name)
        if found is None and patient.cluster.hides("batch/v1", "Job", namespace, name):
            yield unknown("indexes", f"Job {name}")
        elif found is None:
            yield wrong("indexes", f"Job {name} has never run: indexes may not be there", "sync the group `state`")
        else:
            yield _judged(name, found.get("status", {}))


def _judged(name: str, status: dict[str, Any]) -> Answer:
    states = {c["type"]: c for c in status.get("conditions", []) if c.get("status") == "True"}
    if "Complete" in states:
        return ok("indexes", f"Job {name} is done")
    if "Failed" in states:
        why = states["Failed"].get("message") or states["Failed"].get("reason", "")
        return wrong("indexes", f"Job {name} failed: {why}", f"`kubectl logs job/{name}` says why")
    return wrong("indexes", f"Job {name} has not ended yet", "wait; a large index takes its time")


EXAMINATION = Examination("indexes", run)
