"""Network rules that keep out what has to come in."""

from collections.abc import Iterable, Iterator

from generator.importing.defects import Defects
from generator.importing.manifests import Found, Manifest, dig, items, mapping, pod_labels, selects, template_of, text
from generator.problems import Problem


def run(found: Found) -> Iterable[Problem]:
    """Report pods that are to be scraped and let no Prometheus in, and egress rules without name servers."""
    for manifest in found.of("NetworkPolicy"):
        yield from _scraped(manifest, found)
        yield from _names(manifest)


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


DEFECTS = Defects("network", run)
