"""Is every Secret there that a spec names, with the key that is read? Values are never looked at, and never shown."""

from collections.abc import Iterable

from generator.cluster.secret_uses import secret_uses
from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong


def run(patient: Patient) -> Iterable[Answer]:
    """Look for each Secret and key."""
    namespace = patient.environment.namespace
    uses: dict[tuple[str, str], list[str]] = {}
    for use in secret_uses(patient.project):
        uses.setdefault((use.name, use.key), []).append(use.user)
    good = 0
    for (name, key), users in sorted(uses.items()):
        found = patient.cluster.find("v1", "Secret", namespace, name)
        who = ", ".join(sorted(set(users)))
        if found is None and patient.cluster.hides("v1", "Secret", namespace, name):
            yield unknown("secrets", f"Secret {name}")
        elif found is None:
            yield wrong(
                "secrets", f"there is no Secret {name} in {namespace}; {who} can't start without it", _hint(patient)
            )
        elif key not in (found.get("data") or {}):
            yield wrong("secrets", f"Secret {name} has no key {key}, which {who} reads", "add it")
        elif not found["data"][key]:
            yield wrong("secrets", f"key {key} of Secret {name} is empty", "fill it in")
        else:
            good += 1
    if good == len(uses):
        yield ok("secrets", f"all {good} keys of secrets are there")


def _hint(patient: Patient) -> str:
    if patient.environment.secrets == "external-secrets":
        return f"`kubectl -n {patient.environment.namespace} describe externalsecret` says why it was not made"
    return "make it as HANDOVER.md in the rendered docs says"


EXAMINATION = Examination("secrets", run)
