"""Series that alerts and panels read, and that no scrape lets through.

What a program exports is in no manifest. So a series counts as one of a target where a reader names the target's `job`,
or where no other target lets it through; what exporters of the cluster itself give is left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.importing.defects import Defects
from generator.importing.defects.rules import rules
from generator.importing.manifests import DASHBOARD, PROMETHEUS, Found, Manifest, dig, items, mapping, text
from generator.model import Loc
from generator.problems import Problem
from generator.rules.promql import Matcher, PromQLError, Read, parse

_MONITORS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
_NAMES = ["__name__"]
_CLUSTER = re.compile("(container|kube|kubelet|machine|node|apiserver|scrape|ALERTS)_.*|ALERTS|up|")
"""What kubelets, kube-state-metrics, the node exporter and Prometheus itself give, and what names no metric."""
_SHOWN = 6


@dataclass(frozen=True)
class _Target:
    """One scrape: an endpoint of a monitor, or a job of a configuration of Prometheus."""

    manifest: Manifest
    loc: Loc
    relabelings: tuple[tuple[Loc, bool, re.Pattern[str]], ...]
    """Of names alone: where, whether it keeps what matches (or drops it), and what matches."""
    jobs: frozenset[str]
    """Values of the label `job`, as far as they can be told."""

    def loses(self, metric: str) -> Loc | None:
        """Return where a series is thrown away."""
        for loc, keeps, pattern in self.relabelings:
            if (pattern.fullmatch(metric) is not None) != keeps:
                return loc
        return None

    def named(self, read: Read) -> bool | None:
        """Return whether a reader means this target; none where it does not say."""
        for matcher in (m for m in read.matchers if m.label == "job"):
            equal = any(_equals(matcher, job) for job in self.jobs)
            if not matcher.op.startswith("!"):
                return equal
            if equal:
                return False
        return None


@dataclass(frozen=True)
class _Scrapes:
    found: Found

    @cached_property
    def targets(self) -> tuple[_Target, ...]:
        return (*_endpoints(self.found), *_scrape_jobs(self.found))

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        return tuple(_reads(self.found))

    def lost(self, target: _Target) -> Iterator[tuple[Loc, str]]:
        """Yield what readers miss of a target, and where it is thrown away."""
        for read in self.reads:
            loc = target.loses(read.metric)
            if loc is not None and not _CLUSTER.fullmatch(read.metric) and self._missed(read, target):
                yield loc, read.metric

    def _missed(self, read: Read, target: _Target) -> bool:
        named = target.named(read)
        return named if named is not None else all(other.loses(read.metric) for other in self.targets)


def run(found: Found) -> Iterable[Problem]:
    """Report series that are read and that a relabeling throws away."""
    scrapes = _Scrapes(found)
    for target in scrapes.targets:
        lost: dict[Loc, set[str]] = {}
        for loc, metric in scrapes.lost(target):
            lost.setdefault(loc, set()).add(metric)
        for loc, metrics in lost.items():
            message = f"series that alerts or panels read are dropped here: {', '.join(sorted(metrics)[:_SHOWN])}"
            yield target.manifest.problem(loc, "dropped-series", message)


def _endpoints(found: Found) -> Iterator[_Target]:
    for kind, key in _MONITORS.items():
        for monitor in found.of(kind):
            jobs = _jobs(monitor, found)
            for index, endpoint in enumerate(items(monitor.get("spec", key))):
                loc: Loc = ("spec", key, index)
                rules_of = items(mapping(endpoint).get("metricRelabelings"))
                yield _Target(monitor, loc, _relabelings(rules_of, (*loc, "metricRelabelings"), "sourceLabels"), jobs)


def _jobs(monitor: Manifest, found: Found) -> frozenset[str]:
    """The operator calls a job like the Service, or like the monitor of pods; the label of the selector is often it."""
    labels = mapping(monitor.get("spec", "selector", "matchLabels"))
    services = (s for s in found.known("Service") if labels.items() <= mapping(s.get("metadata", "labels")).items())
    named = {s.name for s in services} if labels else set[str]()
    return frozenset({*named, *map(text, labels.values()), f"{monitor.namespace}/{monitor.name}"})


def _scrape_jobs(found: Found) -> Iterator[_Target]:
    for manifest in found.of(PROMETHEUS):
        for index, job in enumerate(map(mapping, items(manifest.get("scrape_configs")))):
            loc: Loc = ("scrape_configs", index)
            rules_of = items(job.get("metric_relabel_configs"))
            relabelings = _relabelings(rules_of, (*loc, "metric_relabel_configs"), "source_labels")
            yield _Target(manifest, loc, relabelings, frozenset({text(job.get("job_name"))}))


def _relabelings(found: list[Any], loc: Loc, labels: str) -> tuple[tuple[Loc, bool, re.Pattern[str]], ...]:
    answer: list[tuple[Loc, bool, re.Pattern[str]]] = []
    for index, rule in enumerate(map(mapping, found)):
        action = text(rule.get("action")).lower()
        if action not in ("keep", "drop") or items(rule.get(labels)) != _NAMES:
            continue
        try:
            answer.append(((*loc, index), action == "keep", re.compile(text(rule.get("regex")))))
        except re.error:
            continue
    return tuple(answer)


def _equals(matcher: Matcher, job: str) -> bool:
    """Whether a matcher, or what it denies, is this job."""
    if matcher.op in ("=", "!="):
        return matcher.value == job
    try:
        return re.fullmatch(matcher.value, job) is not None
    except re.error:
        return False


def _reads(found: Found) -> Iterator[Read]:
    texts = [text(rule.get("expr")) for _, _, rule in rules(found)]
    for dashboard in found.of(DASHBOARD):
        for panel in items(dashboard.get("panels")):
            texts += [text(dig(target, "expr")) for target in items(mapping(panel).get("targets"))]
    for content in texts:
        try:
            yield from parse(content).reads
        except PromQLError:
            continue


DEFECTS = Defects("relabeling", run)
