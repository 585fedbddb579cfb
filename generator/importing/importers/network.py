"""NetworkPolicies of agents -> who may call the API. Everything else is derived from what specs declare."""

from collections.abc import Iterator
from typing import Any

from generator.importing import forms
from generator.importing.drafts import Drafts, Importer
from generator.importing.manifests import Manifest, dig, items, mapping, text
from generator.importing.runtimes import selected_runtime

_NAMESPACE = "kubernetes.io/metadata.name"
_PROMETHEUS = ("prometheus",)


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift the callers that a policy lets in."""
    labels = mapping(manifest.get("spec", "podSelector", "matchLabels"))
    draft = selected_runtime(drafts, labels, manifest.namespace)
    if draft is None:
        drafts.leave(manifest, "it is about other pods; those of apm get rules of their own")
        return
    callers = list(_callers(manifest, drafts))
    if callers:
        environment = drafts.spec("Environment", drafts.environment, manifest)
        environment.put(("ingress",), callers, manifest, ("spec", "ingress"))
    reasons = {
        "spec.egress": "what agents may reach is derived from the stores, models and tools that specs declare",
        "spec.podSelector": "selectors are rendered from the spec's name",
        "spec.ingress": "callers are named in Environment.ingress; the port is the runtime's",
        "metadata": "labels are rendered from the spec",
    }
    drafts.twins.append(forms.twin(manifest, draft.title, f"{draft.name}-api", reasons))


def _callers(manifest: Manifest, drafts: Drafts) -> Iterator[dict[str, Any]]:
    for rule in items(manifest.get("spec", "ingress")):
        for peer in items(mapping(rule).get("from")):
            pods = {k: text(v) for k, v in mapping(dig(peer, "podSelector", "matchLabels")).items()}
            where = text(dig(peer, "namespaceSelector", "matchLabels", _NAMESPACE))
            here = "namespaceSelector" not in mapping(peer)
            if pods and (where or here) and not any(word in text(v) for v in pods.values() for word in _PROMETHEUS):
                yield {"namespace": where or manifest.namespace or drafts.namespace, "labels": pods}


IMPORTER = Importer("network", ("NetworkPolicy",), lift, order=46)
