"""Are there pods where the network rules let traffic through to: name servers, databases, services of others?"""

from collections.abc import Iterable, Iterator

from generator.cluster.k8s import used_stores
from generator.kinds.environment import Pods
from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong


def run(patient: Patient) -> Iterable[Answer]:
    """Look for the pods of each."""
    for what, pods in _named(patient):
        labels = ", ".join(f"{key}={value}" for key, value in pods.labels.items())
        there = next(patient.cluster.list("v1", "Pod", pods.namespace, pods.labels), None)
        if there is None and patient.cluster.hides("v1", "Pod", pods.namespace):
            yield unknown("neighbours", f"pods of {pods.namespace}")
        elif there is None:
            yield wrong(
                "neighbours",
                f"{what}: no pod of {pods.namespace} has {labels}, so the rule opens nothing",
                "correct namespace and labels in the spec",
            )
        else:
            yield ok("neighbours", f"{what} is there")


def _named(patient: Patient) -> Iterator[tuple[str, Pods]]:
    environment = patient.environment
    yield "name servers", environment.cluster.dns
    for store in used_stores(patient.project):
        if store.spec.connection.service:
            yield f"StateStore {store.name}", store.spec.connection.service
    yield from sorted(environment.services.items())
    if environment.egress_proxy:
        yield "egress proxy", environment.egress_proxy


EXAMINATION = Examination("neighbours", run)
