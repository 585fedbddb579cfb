"""Network rules that keep out what has to come in, or in what has to go out; addresses at which there is nothing."""

import re
from collections.abc import Iterable, Iterator

from generator.importing.defects import Defects
from generator.importing.manifests import (
    WORKLOADS,
    Found,
    Manifest,
    containers,
    dig,
    items,
    mapping,
    pod_labels,
    selects,
    template_of,
    text,
    whole,
)
from generator.model import Loc
from generator.problems import Problem

_URL = re.compile(
    r"\b(?P<scheme>https?)://(?:[^@/\s]+@)?(?P<host>[a-z0-9][a-z0-9.-]*)(?::(?P<port>\d+))?", re.IGNORECASE
)
_PORTS = {"http": 80, "https": 443}


def run(found: Found) -> Iterable[Problem]:
    """Report rules that keep out or in what has to pass, and addresses of Services that there are not."""
    for manifest in found.of("NetworkPolicy"):
        yield from _scraped(manifest, found)
        yield from _names(manifest)
        yield from _kept_in(manifest, found)
    for manifest, loc, url in _addresses(found):
        yield from _nowhere(manifest, loc, url, found)


def _scraped(manifest: Manifest, found: Found) -> Iterator[Problem]:
    labels = mapping(manifest.get("spec", "podSelector", "matchLabels"))
    types = [text(t) for t in items(manifest.get("spec", "policyTypes"))] or ["Ingress"]
    if "Ingress" not in types or not labels or _lets_in(manifest):
        return
    for workload in found.of("Deployment", "StatefulSet"):
        template = template_of(workload) or ()
        notes = mapping(workload.get(*template, "metadata", "annotations"))
        if selects(labels, pod_labels(workload)) and text(notes.get("prometheus.io/scrape")) == "true":
            message = f"Prometheus is to scrape {workload.title} and is not let in: `up` is 0, or absent, for ever"
            yield manifest.problem(("spec", "ingress"), "scrape-blocked", message, "let Prometheus's pods in")


def _lets_in(manifest: Manifest) -> bool:
    for rule in items(manifest.get("spec", "ingress")):
        peers = items(mapping(rule).get("from"))
        if not peers:
            return True
        for peer in peers:
            if "monitoring" in str(peer) or "prometheus" in str(peer) or dig(peer, "namespaceSelector") == {}:
                return True
    return False


def _names(manifest: Manifest) -> Iterator[Problem]:
    types = [text(t) for t in items(manifest.get("spec", "policyTypes"))]
    rules = items(manifest.get("spec", "egress"))
    if "Egress" not in types or not rules:
        return
    ports = [mapping(p).get("port") for rule in rules for p in items(mapping(rule).get("ports"))]
    everywhere = any(not mapping(rule).get("ports") for rule in rules)
    if not everywhere and 53 not in ports and "dns" not in ports and "53" not in ports:
        message = "egress is confined and name servers are not among what is let through: no host name can be looked up"
        yield manifest.problem(("spec", "egress"), "no-dns", message, "let UDP and TCP 53 through")


# --- addresses --------------------------------------------------------------------------------------------------------


def _addresses(found: Found) -> Iterator[tuple[Manifest, Loc, re.Match[str]]]:
    """Yield the addresses in variables and ConfigMaps."""
    for manifest in found.of(*WORKLOADS):
        yield from _called(manifest)
    for manifest in found.of("ConfigMap"):
        for key, value in mapping(manifest.get("data")).items() if not found.held(manifest) else ():
            for url in _URL.finditer(text(value)):
                yield manifest, ("data", key), url


def _called(workload: Manifest) -> Iterator[tuple[Manifest, Loc, re.Match[str]]]:
    for loc, container in containers(workload):
        for index, variable in enumerate(items(container.get("env"))):
            for url in _URL.finditer(text(dig(variable, "value"))):
                yield workload, (*loc, "env", index, "value"), url


def _nowhere(manifest: Manifest, loc: Loc, url: re.Match[str], found: Found) -> Iterator[Problem]:
    name, _, rest = url["host"].partition(".")
    space, inside = rest.partition(".")[0], ".svc" in f".{rest}."
    if "Service" in found.unseen or name in ("localhost", "kubernetes") or (rest and not inside):
        return
    if found.named("Service", name, space or manifest.namespace) is None:
        message = f'Service "{name}" is not among what was read; unless it is made elsewhere, every call fails'
        yield manifest.problem(loc, "missing-service", message, "import the file that holds it too")


def _kept_in(manifest: Manifest, found: Found) -> Iterator[Problem]:
    """A call whose port no egress rule lets out."""
    labels = mapping(manifest.get("spec", "podSelector", "matchLabels"))
    rules = [mapping(rule) for rule in items(manifest.get("spec", "egress"))]
    if "Egress" not in items(manifest.get("spec", "policyTypes")) or not all(rule.get("ports") for rule in rules):
        return
    ports = {text(mapping(p).get("port")) for rule in rules for p in items(rule.get("ports"))}
    if any(whole(port) is None for port in ports):  # a name: which number it is, the pod that is called says
        return
    for workload in found.of("Deployment", "StatefulSet", "DaemonSet", "CronJob"):
        taken = selects(labels, pod_labels(workload)) and workload.namespace == manifest.namespace
        for _, _, url in _called(workload) if taken else ():
            port = url["port"] or str(_PORTS[url["scheme"].lower()])
            if port not in ports:
                message = f"{workload.title} calls {url['host']}:{port}, and no rule lets that out: every call fails"
                yield manifest.problem(("spec", "egress"), "egress-blocked", message, f"let port {port} through")


DEFECTS = Defects("network", run)
