"""Messages that are never sent, or to nobody."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from generator.importing.defects import Defects
from generator.importing.defects.rules import rules
from generator.importing.manifests import (
    ALERTMANAGER,
    WORKLOADS,
    Found,
    Manifest,
    dig,
    items,
    leaves,
    mapping,
    pod_spec,
    text,
)
from generator.model import Loc
from generator.problems import Problem

_TOP = re.compile(r"\{\{[^}]*(?<![\w.])\.(Annotations|Labels)\b")
_RANGE = re.compile(r"\{\{\s*-?\s*range\b")


def run(found: Found) -> Iterable[Problem]:
    """Report configurations of Alertmanager that do not tell people."""
    for manifest in found.of(ALERTMANAGER):
        yield from _attached(manifest, found)
        yield from _templates(manifest, found)
        yield from _inhibitions(manifest, found)
        yield from _fields(manifest)
        yield from _severities(manifest, found)
        yield from _webhooks(manifest)
    several = list(found.of(ALERTMANAGER))
    for manifest in several[1:]:
        message = f"{len(several)} files say who is told, {several[0].place(())} among them; none knows of the others"
        yield manifest.problem((), "several-configs", message, "one Notifications spec for each system")


def _attached(manifest: Manifest, found: Found) -> Iterator[Problem]:
    holder = manifest.holder
    if holder is None or holder.kind != "Secret":
        return
    used = {text(m.get("spec", "configSecret")) for m in found.of("Alertmanager")}
    used |= {f"alertmanager-{m.name}" for m in found.of("Alertmanager")}
    mounted = {
        text(dig(v, "secret", "secretName")) for m in found.of(*WORKLOADS) for v in items(pod_spec(m)[1].get("volumes"))
    }
    if holder.name not in used | mounted:
        message = "no Alertmanager that was read takes this Secret: nothing of it has an effect"
        yield holder.problem((), "unattached-config", message)


def _templates(manifest: Manifest, found: Found) -> Iterator[Problem]:
    globs = [text(g) for g in items(manifest.get("templates"))]
    holder = manifest.holder
    if (
        globs
        and holder is not None
        and not any(key.endswith(".tmpl") for key in mapping(holder.get("stringData") or holder.get("data")))
    ):
        yield manifest.problem(
            ("templates",), "unmounted-templates", f"{globs[0]}: no file that it means is mounted there"
        )


def _inhibitions(manifest: Manifest, found: Found) -> Iterator[Problem]:
    severities: dict[str, set[str]] = {}
    for _, _, rule in rules(found):
        severities.setdefault(text(rule.get("alert")), set()).add(text(dig(rule, "labels", "severity")))
    for index, rule in enumerate(map(mapping, items(manifest.get("inhibit_rules")))):
        source, target = text(dig(rule, "source_match", "severity")), text(dig(rule, "target_match", "severity"))
        if (
            source
            and target
            and "alertname" in items(rule.get("equal"))
            and severities
            and not any({source, target} <= found_ for found_ in severities.values())
        ):
            message = f"no alert that was read has both severities, {source} and {target}: it never silences anything"
            yield manifest.problem(("inhibit_rules", index), "inhibition-never", message)


def _fields(manifest: Manifest) -> Iterator[Problem]:
    for path, value in leaves(manifest.get("receivers"), ""):
        if isinstance(value, str) and _TOP.search(value) and not _RANGE.search(value):
            loc: Loc = ("receivers", *(int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", path)))
            message = "a message has no .Annotations or .Labels at its top: the template fails, nothing is sent"
            yield manifest.problem(loc, "template-fields", message, ".CommonAnnotations, or range .Alerts")


def _severities(manifest: Manifest, found: Found) -> Iterator[Problem]:
    taken = {value for route in _routes(mapping(manifest.get("route"))) for value in _values(route, "severity")}
    used = {text(dig(rule, "labels", "severity")) for _, _, rule in rules(found) if rule.get("alert")} - {""}
    for severity in sorted(used - taken) if taken else ():
        receiver = text(manifest.get("route", "receiver"))
        message = f'no route takes severity "{severity}", which alerts have: it ends at "{receiver}"'
        yield manifest.problem(("route",), "severity-unrouted", message)


def _routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in map(mapping, items(route.get("routes"))):
        yield child
        yield from _routes(child)


def _values(route: dict[str, Any], label: str) -> list[str]:
    found = [text(mapping(route.get(key)).get(label)) for key in ("match", "match_re")]
    for matcher in items(route.get("matchers")):
        if isinstance(matcher, str) and (parts := re.match(rf"\s*{label}\s*=~?\s*\"?([^\"]*)\"?", matcher)):
            found += [parts[1]]
    return [value for values in found for value in values.split("|") if value]


def _webhooks(manifest: Manifest) -> Iterator[Problem]:
    for r, receiver in enumerate(items(manifest.get("receivers"))):
        for w, webhook in enumerate(items(mapping(receiver).get("webhook_configs"))):
            if "slack" in text(mapping(webhook).get("url")):
                message = "a webhook sends Alertmanager's own form to Slack, which answers 400"
                yield manifest.problem(
                    ("receivers", r, "webhook_configs", w), "slack-by-webhook", message, "slack_configs"
                )


DEFECTS = Defects("notifications", run)
