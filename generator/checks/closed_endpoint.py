"""Something is called that the network rules keep closed.

Every pod is under default deny. What is opened follows from the specs: public addresses by port, an IP address alone,
and pods of the cluster by their labels. A host name inside the cluster says nothing about labels, so the environment
has to declare what runs behind it; and a state store has to say where it is.

An address that never leaves the pod or its node (loopback such as `localhost`, link-local such as the metadata service
of a cloud, `0.0.0.0`, multicast) is nothing that a tool, model or bucket of a cluster can be at, nor what an `http`
step can ask. What `${ }` computes in the host of a step is known only when it runs.

Fix: add the host to the environment's `services`, or `service` (or `addresses`) to the store's `connection`.

Bad: `http: {url: "https://erp.erp-system.svc/stock"}` with nothing in the environment.

Good: the same, and `services: {erp.erp-system.svc: {namespace: erp-system, labels: {app: erp}, ports: [8443]}}`.
"""

from collections.abc import Iterable, Iterator

from generator.cluster.endpoints import endpoint
from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.rules.strictness import environment_of
from generator.workflows.flow import nodes
from runtime.nodes.http import HttpStep


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report hosts and stores that no rule can be derived for, where anything is deployed and runs."""
    environment = environment_of(catalogue)
    if environment is None or not environment.spec.deployed or not catalogue.all("Runtime"):
        return
    used = {runtime.spec.state_store for runtime in catalogue.all("Runtime")}
    for store in catalogue.all("StateStore"):
        connection = store.spec.connection
        if store.name in used and not connection.service and not connection.addresses:
            message = "no pod may reach this store: nothing says where it is"
            hint = "add `service` (in the cluster) or `addresses` (outside of it)"
            yield store.problem(("spec", "connection"), "closed-endpoint", message, hint, key=True)
    for spec, loc, url in _addresses(catalogue):
        found = endpoint(url, "")
        if found.unreachable:
            message = f"no pod may reach {found.host}: that is {found.unreachable}"
            hint = (
                f"name the host at which it is to be reached in {environment.name}, in the overlay if it is only there"
            )
            yield spec.problem(loc, "closed-endpoint", message, hint)
        elif found.in_cluster and found.host not in environment.spec.services:
            message = f"no pod may reach {found.host}: nothing says which pods are behind it in {environment.name}"
            hint = f"add {found.host} to `services` of the Environment {environment.name}"
            yield spec.problem(loc, "closed-endpoint", message, hint)


def _addresses(catalogue: Catalogue) -> Iterator[tuple[Declared, Loc, str]]:
    for model in catalogue.all("Model"):
        if model.spec.endpoint:
            yield model, ("spec", "endpoint"), model.spec.endpoint
    for tool in catalogue.all("Tool"):
        for transport in ("http", "mcp"):
            call = getattr(tool.spec, transport)
            if call and call.url:
                yield tool, ("spec", transport, "url"), call.url
    yield from _of_steps(catalogue)
    for runtime in catalogue.all("Runtime"):
        if runtime.spec.traces:
            yield runtime, ("spec", "traces", "endpoint"), runtime.spec.traces.endpoint
    for backup in catalogue.all("Backup"):
        if bucket := backup.spec.destination.bucket:
            yield backup, ("spec", "destination", "bucket", "endpoint"), bucket.endpoint


def _of_steps(catalogue: Catalogue) -> Iterator[tuple[Declared, Loc, str]]:
    for workflow in catalogue.all("Workflow"):
        for node in nodes(workflow):
            if isinstance(node.step, HttpStep):
                yield workflow, (*node.loc, "http", "url"), node.step.http.url


CHECK = Check("closed-endpoint", run, each_environment=True)
