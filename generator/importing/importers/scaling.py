"""HorizontalPodAutoscalers and PodDisruptionBudgets of agents -> `replicas` and `availability` of their Runtime."""

from typing import Any

from generator.importing import forms
from generator.importing.drafts import Draft, Drafts, Importer
from generator.importing.manifests import Manifest, dig, items, mapping, text, whole
from generator.importing.runtimes import runtime_of, selected_runtime
from generator.model import Loc

_NAMES = "names follow the Runtime and its roles"


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift an autoscaler or a budget."""
    if manifest.kind == "HorizontalPodAutoscaler":
        draft = runtime_of(drafts, text(manifest.get("spec", "scaleTargetRef", "name")))
    else:
        labels = mapping(manifest.get("spec", "selector", "matchLabels"))
        draft = selected_runtime(drafts, labels, manifest.namespace)
    if draft is None:
        drafts.leave(manifest, "it is about the pods of another program, which keeps its manifests")
    elif manifest.kind == "HorizontalPodAutoscaler":
        _autoscaler(manifest, drafts, draft)
    else:
        _budget(manifest, drafts, draft)


def _autoscaler(manifest: Manifest, drafts: Drafts, draft: Draft) -> None:
    high = whole(manifest.get("spec", "maxReplicas")) or 1
    low = min(whole(manifest.get("spec", "minReplicas")) or 1, high)
    for role in ("api", "worker"):
        draft.put((role, "replicas"), {"min": low, "max": high})
    draft.note(
        ("worker", "replicas"),
        [*manifest.comments(("spec", "minReplicas")), *manifest.comments(("spec", "maxReplicas"))],
    )
    percent, loc = _cpu(manifest)
    if percent and 1 <= percent <= 100:
        draft.put(("worker", "replicas", "cpu"), percent, manifest, loc)
        draft.put(("api", "replicas", "cpu"), percent)
    window = whole(manifest.get("spec", "behavior", "scaleDown", "stabilizationWindowSeconds"))
    if window is not None:
        draft.put(("worker", "replicas", "stabilization"), f"{window}s")
    reasons = {
        "spec.scaleTargetRef": _NAMES,
        "metadata": "labels are rendered from the spec",
        "spec.metrics": "pods are added by CPU only",
        "spec.behavior": "the steps of scaling are apm's own",
    }
    drafts.twins.append(forms.twin(manifest, draft.title, f"{draft.name}-worker", reasons, _metrics))


def _cpu(manifest: Manifest) -> tuple[int | None, Loc]:
    for index, metric in enumerate(items(manifest.get("spec", "metrics"))):
        if dig(metric, "resource", "name") == "cpu":
            loc: Loc = ("spec", "metrics", index, "resource", "target", "averageUtilization")
            old = dig(metric, "resource", "targetAverageUtilization")
            return whole(dig(metric, "resource", "target", "averageUtilization") or old), loc
    loc = ("spec", "targetCPUUtilizationPercentage")
    return whole(manifest.get(*loc)), loc


def _metrics(value: dict[str, Any]) -> dict[str, Any]:
    """Return an autoscaler with its metrics by name."""
    spec = mapping(value.get("spec"))
    named = {
        text(dig(m, "resource", "name") or dig(m, "pods", "metric", "name") or mapping(m).get("type")): m
        for m in items(spec.get("metrics"))
    }
    return {**value, "spec": {**spec, "metrics": named}} if "metrics" in spec else value


def _budget(manifest: Manifest, drafts: Drafts, draft: Draft) -> None:
    away, least = whole(manifest.get("spec", "maxUnavailable")), whole(manifest.get("spec", "minAvailable"))
    pods = whole(dig(draft.spec, "worker", "replicas", "min")) or 1
    if away:
        draft.put(("availability", "maxUnavailable"), away, manifest, ("spec", "maxUnavailable"))
    elif least is not None:
        draft.put(("availability", "maxUnavailable"), max(1, pods - least), manifest, ("spec", "minAvailable"))
    reasons = {
        "spec.minAvailable": "a budget says how many may be away, so that a node can always be drained",
        "spec.selector": _NAMES,
        "metadata": "labels are rendered from the spec",
    }
    drafts.twins.append(forms.twin(manifest, draft.title, f"{draft.name}-worker", reasons))


IMPORTER = Importer("scaling", ("HorizontalPodAutoscaler", "PodDisruptionBudget"), lift, order=30)
