"""Ways in from outside that end at nothing, or at pages that don't load."""

from collections.abc import Iterable, Iterator, Mapping

from generator.importing.defects import Defects
from generator.importing.manifests import Found, Manifest, containers, dig, items, mapping, pod_labels, selects, text
from generator.problems import Problem

_PREFIXED: Mapping[str, tuple[str, ...]] = {
    "grafana": ("GF_SERVER_ROOT_URL", "GF_SERVER_SERVE_FROM_SUB_PATH"),
    "prometheus": ("--web.external-url", "--web.route-prefix"),
    "alertmanager": ("--web.external-url", "--web.route-prefix"),
}
"""Programs whose pages load nothing below a path unless one of these settings says so, by the name of their image."""


def run(found: Found) -> Iterable[Problem]:
    """Report Ingresses that don't lead where they say."""
    for manifest in found.of("Ingress"):
        yield from _ingress(manifest)
        yield from _paths(manifest, found)


def _ingress(manifest: Manifest) -> Iterator[Problem]:
    notes = {key: text(value) for key, value in mapping(manifest.get("metadata", "annotations")).items()}
    redirects = [key for key, value in notes.items() if key.endswith("ssl-redirect") and value == "true"]
    if redirects and not manifest.get("spec", "tls"):
        message = "it redirects to https and has no tls block: every call ends at a certificate of nobody"
        yield manifest.problem(("metadata", "annotations", redirects[0]), "redirect-without-tls", message)
    if "kubernetes.io/ingress.class" in notes:
        yield manifest.problem(
            ("metadata", "annotations", "kubernetes.io/ingress.class"),
            "deprecated-annotation",
            "the annotation for the class is deprecated",
            "write spec.ingressClassName",
        )


def _paths(manifest: Manifest, found: Found) -> Iterator[Problem]:
    for r, rule in enumerate(items(manifest.get("spec", "rules"))):
        for p, path in enumerate(items(dig(rule, "http", "paths"))):
            prefix, service = text(dig(path, "path")), text(dig(path, "backend", "service", "name"))
            program = _unprefixed(found, service, manifest.namespace) if prefix.strip("/") else ""
            if program:
                message = f"{prefix} leads to {program}, which is not told of that path: its pages load nothing"
                at = ("spec", "rules", r, "http", "paths", p)
                yield manifest.problem(at, "sub-path-unserved", message, " or ".join(_PREFIXED[program]))


def _unprefixed(found: Found, name: str, namespace: str) -> str:
    """Return the program behind a Service that is not told below which path it is; nothing where there is none."""
    service = found.named("Service", name, namespace)
    selector = mapping(service.get("spec", "selector")) if service else {}
    for workload in found.of("Deployment", "StatefulSet") if selector else ():
        for _, container in containers(workload, init=False) if selects(selector, pod_labels(workload)) else ():
            program = text(container.get("image")).rpartition("/")[2].partition(":")[0]
            if program in _PREFIXED and not any(word in str(container) for word in _PREFIXED[program]):
                return program
    return ""


DEFECTS = Defects("ingresses", run)
