"""Services: those of agents are rendered again; those of programs beside them are named in the Environment."""

from collections.abc import Iterator
from typing import Any

from generator.importing import forms
from generator.importing.drafts import Drafts, Importer
from generator.importing.manifests import WORKLOADS, Manifest, containers, items, mapping, pod_labels, selects, text
from generator.importing.runtimes import runtimes, selected_runtime


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift a Service."""
    labels = {key: text(value) for key, value in mapping(manifest.get("spec", "selector")).items()}
    draft = selected_runtime(drafts, labels, manifest.namespace)
    if draft is not None:
        reasons = {
            "spec.selector": "selectors are rendered from the spec's name",
            "metadata": "labels are rendered from the spec",
            "spec.ports": "the runtime has one port, 8080, called http",
        }
        drafts.twins.append(forms.twin(manifest, draft.title, f"{draft.name}-api", reasons, _ports))
        return
    ports = list(dict.fromkeys(_targets(manifest, labels, drafts)))
    if labels and ports and any(runtimes(drafts)):
        host = f"{manifest.name}.{manifest.namespace or drafts.namespace}.svc"
        where = {"namespace": manifest.namespace or drafts.namespace, "labels": labels, "ports": ports}
        environment = drafts.spec("Environment", drafts.environment)
        environment.put(("services", host), where, manifest, ("metadata", "name"))
        drafts.leave(
            manifest,
            f"it stays with its program; Environment {drafts.environment} names it, so that tools "
            f"and models at {host} are let through",
        )
    else:
        drafts.leave(manifest, "it belongs to another program, which keeps its manifests")


def _ports(value: dict[str, Any]) -> dict[str, Any]:
    spec = mapping(value.get("spec"))
    ports = {text(mapping(p).get("name")) or text(mapping(p).get("port")): p for p in items(spec.get("ports"))}
    return {**value, "spec": {**spec, "ports": ports}} if spec else value


def _targets(manifest: Manifest, labels: dict[str, str], drafts: Drafts) -> Iterator[int]:
    """Yield the ports of the pods: a name is looked up in the containers that the Service selects."""
    pods = [w for w in drafts.found.of(*WORKLOADS) if selects(labels, pod_labels(w))]
    named = {
        text(mapping(p).get("name")): mapping(p).get("containerPort")
        for w in pods
        for _, c in containers(w)
        for p in items(c.get("ports"))
    }
    for port in items(manifest.get("spec", "ports")):
        target = mapping(port).get("targetPort", mapping(port).get("port"))
        number = named.get(target) if isinstance(target, str) else target
        if isinstance(number, int) and 0 < number < 65536 and mapping(port).get("protocol", "TCP") == "TCP":
            yield number


IMPORTER = Importer("services", ("Service",), lift, order=40)
