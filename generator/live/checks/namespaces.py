"""Are the namespaces there, and do they enforce what pods are made for?"""

from collections.abc import Iterable

from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong


def run(patient: Patient) -> Iterable[Answer]:
    """Look at the environment's own namespace, and at those of Argo CD and of the monitoring stack."""
    environment = patient.environment
    others = {environment.monitoring.namespace, *([environment.argocd.namespace] if environment.argocd else [])}
    for name in (environment.namespace, *sorted(others - {environment.namespace})):
        found = patient.cluster.find("v1", "Namespace", "", name)
        if found is None and patient.cluster.hides("v1", "Namespace", "", name):
            yield unknown("namespaces", f"namespace {name}")
        elif found is None:
            hint = (
                "the first sync makes it" if name == environment.namespace else "correct the Environment, or install it"
            )
            yield wrong("namespaces", f"there is no namespace {name}", hint)
        elif found.get("status", {}).get("phase") == "Terminating":
            yield wrong("namespaces", f"namespace {name} is being deleted", "wait until it is gone")
        else:
            yield from _levels(patient, name, found["metadata"].get("labels", {}))


def _levels(patient: Patient, name: str, labels: dict[str, str]) -> Iterable[Answer]:
    rendered = [
        item["metadata"].get("labels", {}) for item in patient.of("Namespace") if item["metadata"]["name"] == name
    ]
    wanted: dict[str, str] = rendered[0] if rendered else {}
    for key, value in wanted.items():
        if key.startswith("pod-security.kubernetes.io/enforce") and labels.get(key) != value:
            yield wrong("namespaces", f"namespace {name} has {key}={labels.get(key)}, rendered is {value}", "sync it")
            return
    yield ok("namespaces", f"namespace {name} is there")


EXAMINATION = Examination("namespaces", run)
