"""Targets that are never found, rules that are never loaded."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from generator.importing.defects import Defects
from generator.importing.manifests import (
    PROMETHEUS,
    Found,
    Manifest,
    dig,
    items,
    mapping,
    template_of,
    text,
)
from generator.problems import Problem

_WIRE = {"27017": "MongoDB", "5432": "PostgreSQL", "3306": "MySQL", "6379": "Redis", "5672": "RabbitMQ"}


def run(found: Found) -> Iterable[Problem]:
    """Report what keeps metrics and rules from arriving."""
    for manifest in found.of("ServiceMonitor"):
        yield from _ports(manifest, found)
    yield from _unselected(found)
    yield from _annotations(found)
    for manifest in found.of(PROMETHEUS):
        yield from _jobs(manifest)
        yield from _rule_files(manifest)
        yield from _forbidden(manifest, found)


def _ports(manifest: Manifest, found: Found) -> Iterator[Problem]:
    labels = mapping(manifest.get("spec", "selector", "matchLabels"))
    services = [
        s for s in found.known("Service") if labels and labels.items() <= mapping(s.get("metadata", "labels")).items()
    ]
    named = {text(mapping(p).get("name")) for s in services for p in items(s.get("spec", "ports"))}
    for index, endpoint in enumerate(items(manifest.get("spec", "endpoints"))):
        port = text(mapping(endpoint).get("port"))
        if services and port and port not in named:
            known = ", ".join(sorted(n for n in named if n)) or "none"
            message = (
                f'port "{port}" is no port of {services[0].title} (it has {known}): no target, and no error anywhere'
            )
            yield manifest.problem(("spec", "endpoints", index, "port"), "scrape-port", message)


def _unselected(found: Found) -> Iterator[Problem]:
    wanted: dict[str, Any] = {}
    for monitor in found.of("ServiceMonitor"):
        labels = mapping(monitor.get("metadata", "labels"))
        wanted |= {key: labels[key] for key in ("release", "prometheus") if key in labels}
    for prometheus in found.known("Prometheus"):
        wanted |= mapping(prometheus.get("spec", "ruleSelector", "matchLabels"))
    for manifest in found.of("PrometheusRule"):
        labels = mapping(manifest.get("metadata", "labels"))
        missing = {key: value for key, value in wanted.items() if labels.get(key) != value}
        if missing:
            shown = ", ".join(f"{key}: {value}" for key, value in sorted(missing.items()))
            message = (
                f"it lacks the labels by which the operator here picks objects ({shown}): the rules are not loaded"
            )
            yield manifest.problem(("metadata",), "unselected-rules", message, f"add {shown}")


def _annotations(found: Found) -> Iterator[Problem]:
    """One mechanism for a cluster: with an operator, annotations find nothing."""
    if not any(found.of("ServiceMonitor", "PodMonitor")):
        return
    spaces = {m.namespace for m in found.of("ServiceMonitor")}
    for manifest in found.of("Deployment", "StatefulSet", "DaemonSet"):
        template = template_of(manifest) or ()
        notes = mapping(manifest.get(*template, "metadata", "annotations"))
        if "prometheus.io/scrape" in notes and manifest.namespace in spaces:
            yield manifest.problem(
                (*template, "metadata", "annotations", "prometheus.io/scrape"),
                "dead-annotations",
                "annotations for scraping beside a ServiceMonitor: they do nothing, or collect everything twice",
                "remove them",
            )


def _jobs(manifest: Manifest) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for index, job in enumerate(map(mapping, items(manifest.get("scrape_configs")))):
        name, at = text(job.get("job_name")), ("scrape_configs", index)
        for target in (text(t) for s in items(job.get("static_configs")) for t in items(mapping(s).get("targets"))):
            if kind := _WIRE.get(target.rpartition(":")[2]):
                message = f"job {name}: {target} is where {kind} speaks its own protocol; it has no metrics"
                yield manifest.problem(at, "wire-port-scrape", message, "scrape an exporter")
            if target in seen and seen[target] != name:
                message = f"{target} is scraped by the jobs {seen[target]} and {name}: every sum counts it twice"
                yield manifest.problem(at, "scraped-twice", message)
            seen.setdefault(target, name)
        roles = [text(dig(s, "role")) for s in items(job.get("kubernetes_sd_configs"))]
        if "node" in roles and "cadvisor" not in str(job):
            yield manifest.problem(
                at,
                "no-cadvisor",
                f"job {name}: container_* come from /metrics/cadvisor, which is not scraped: alerts on them never fire",
            )
        if dig(job, "tls_config", "insecure_skip_verify") is True:
            yield manifest.problem((*at, "tls_config"), "tls-unverified", f"job {name}: certificates are not verified")
        if "service" in roles and text(job.get("metrics_path")) in ("", "/metrics") and "blackbox" not in name:
            yield manifest.problem(
                at,
                "virtual-ip-scrape",
                f"job {name}: a Service's address is that of any of its pods: each scrape sees another one",
                "role `endpoints` or `pod`",
            )


def _rule_files(manifest: Manifest) -> Iterator[Problem]:
    """A glob for rules that the keys beside this configuration do not match."""
    globs = [text(g) for g in items(manifest.get("rule_files"))]
    if manifest.holder is None or not globs:
        return
    keys = [key for key in mapping(manifest.holder.get("data")) if key != manifest.key]
    holds = [key for key in keys if re.search(r"rules?.*\.ya?ml$", key)]
    if holds and all("/rules/" in glob for glob in globs):
        message = (
            f"rule_files looks into {globs[0]}, the rules ({', '.join(holds)}) lie beside this file: none is loaded"
        )
        yield manifest.problem(("rule_files",), "rules-not-loaded", message)


def _forbidden(manifest: Manifest, found: Found) -> Iterator[Problem]:
    """Nodes are scraped, and no role of who scrapes them may read what kubelets count."""
    jobs = [mapping(job) for job in items(manifest.get("scrape_configs"))]
    roles = {text(dig(s, "role")) for job in jobs for s in items(job.get("kubernetes_sd_configs"))}
    for role in found.of("ClusterRole") if "node" in roles else ():
        rules = [[text(r) for r in items(mapping(rule).get("resources"))] for rule in items(role.get("rules"))]
        may = {resource for rule in rules for resource in rule}
        if "prometheus" in role.name and "nodes" in may and not may & {"nodes/metrics", "nodes/proxy", "*"}:
            index = next(i for i, rule in enumerate(rules) if "nodes" in rule)
            message = "Prometheus scrapes nodes and may not read nodes/metrics: kubelets answer 403"
            yield role.problem(("rules", index, "resources"), "scrape-without-right", message, "add nodes/metrics")


DEFECTS = Defects("scraping", run)
