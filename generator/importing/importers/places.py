"""Namespaces, quotas and ServiceMonitors -> Environment: where the system runs and what watches it."""

from generator.importing import forms
from generator.importing.drafts import Drafts, Importer
from generator.importing.manifests import Manifest, mapping, text, whole
from generator.importing.runtimes import selected_runtime
from generator.kinds._quantity import canonical

_HARD = {"limits.cpu": "cpu", "limits.memory": "memory", "requests.storage": "storage"}
_COMMON = {"metadata": "labels are rendered from the spec"}


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift what says where the system runs."""
    environment = drafts.spec("Environment", drafts.environment)
    if manifest.kind == "Namespace":
        if manifest.name != drafts.namespace:
            drafts.leave(manifest, f"the environment's namespace is {drafts.namespace}; others are not apm's")
            return
        environment.note(("namespace",), manifest.comments(("metadata", "name")))
        drafts.twins.append(forms.twin(manifest, environment.title, manifest.name, _COMMON))
    elif manifest.kind == "ResourceQuota":
        _quota(manifest, drafts)
    else:
        _monitor(manifest, drafts)


def _quota(manifest: Manifest, drafts: Drafts) -> None:
    if manifest.namespace not in (drafts.namespace, ""):
        drafts.leave(manifest, "it is about the namespace of another program")
        return
    environment = drafts.spec("Environment", drafts.environment, manifest)
    for key, value in mapping(manifest.get("spec", "hard")).items():
        loc = ("spec", "hard", key)
        if key in _HARD:
            try:
                environment.put(("quota", _HARD[key]), canonical(text(value)), manifest, loc)
            except ValueError:
                continue
        elif key == "pods" and (pods := whole(value)):
            environment.put(("quota", "pods"), pods, manifest, loc)
    drafts.twins.append(forms.twin(manifest, environment.title, "quota", _COMMON))


def _monitor(manifest: Manifest, drafts: Drafts) -> None:
    labels = {key: text(value) for key, value in mapping(manifest.get("spec", "selector", "matchLabels")).items()}
    service = next(
        (
            s
            for s in drafts.found.of("Service")
            if labels.items() <= {k: text(v) for k, v in mapping(s.get("metadata", "labels")).items()}.items()
        ),
        None,
    )
    selector = mapping(service.get("spec", "selector")) if service else labels
    draft = selected_runtime(drafts, selector, manifest.namespace) or selected_runtime(drafts, labels, "")
    if draft is None:
        drafts.leave(
            manifest,
            "it is about the metrics of another program; what alerts and dashboards read of them is "
            "declared in Metrics",
        )
        return
    found = {k: text(v) for k, v in mapping(manifest.get("metadata", "labels")).items() if not k.startswith("app")}
    if found:
        environment = drafts.spec("Environment", drafts.environment, manifest)
        environment.put(("monitoring", "selectorLabels"), found, manifest, ("metadata", "labels"))
    reasons = {
        **_COMMON,
        "spec.selector": "selectors are rendered from the spec's name",
        "spec.endpoints": "the runtime's port, path and interval are its own",
    }
    drafts.twins.append(forms.twin(manifest, draft.title, draft.name, reasons))


IMPORTER = Importer("places", ("Namespace", "ResourceQuota", "ServiceMonitor"), lift, order=45)
