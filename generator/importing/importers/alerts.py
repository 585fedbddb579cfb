"""PrometheusRules and rule files -> Alerts, one spec for each group."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.importing import forms
from generator.importing.drafts import Draft, Drafts, Importer, Objects, Twin, named
from generator.importing.importers._queries import confined
from generator.importing.manifests import RULE_FILE, Manifest, items, mapping, text
from generator.importing.situations import situations
from generator.model import Loc
from generator.rules import secrecy
from generator.rules.promql import PromQLError, parse
from runtime.contract import millis

_SEVERITIES = {
    "critical": "critical",
    "page": "critical",
    "high": "critical",
    "error": "critical",
    "p1": "critical",
    "warning": "warning",
    "warn": "warning",
    "medium": "warning",
    "p2": "warning",
    "ticket": "warning",
    "info": "info",
    "low": "info",
    "none": "info",
    "p3": "info",
    "notification": "info",
}
_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_SECONDS = (604_800, 86_400, 3600, 60, 1, 0)
_REASONS = {
    "metadata": "labels are rendered from the spec and its Environment",
    "labels": "severity, owner, environment and namespace are the labels of every alert",
    "expr": "confined to the environment's own namespace",
    "annotations": "summary, description and links are the texts of every alert",
    "interval": "rules are evaluated at Prometheus' own interval",
    "record": "recorded series have no spec; write the expression where it is read",
}


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift every group of rules."""
    base: Loc = () if manifest.kind == RULE_FILE else ("spec",)
    old: dict[str, Any] = {}
    made: list[Draft] = []
    for index, group in enumerate(items(manifest.get(*base, "groups"))):
        name = text(mapping(group).get("name")) or manifest.name or "rules"
        loc: Loc = (*base, "groups", index)
        draft = _group(manifest, drafts, loc, name)
        old[draft.name] = _named(mapping(group), draft)
        if draft.spec.get("alerts"):
            made.append(draft)
        else:
            del drafts.drafts["Alerts", draft.name]
    if made:
        title = ", ".join(draft.title for draft in made)
        drafts.twins.append(Twin(manifest, title, old, lambda objects: _new(objects, made), _reasons(old)))
    else:
        drafts.leave(manifest, "it has no alert that could be read; recorded series have no spec")


def _reasons(old: Mapping[str, Any]) -> dict[str, str]:
    return {f"{group}.{path}": why for group in old for path, why in _REASONS.items()} | {
        f"{group}.rules.{rule}.{path}": why
        for group, value in old.items()
        for rule in mapping(value.get("rules"))
        for path, why in _REASONS.items()
    }


def _group(manifest: Manifest, drafts: Drafts, loc: Loc, name: str) -> Draft:
    wanted, taken = named(name), {draft.name for draft in drafts.all("Alerts")}
    unique = next(n for n in (wanted, *(f"{wanted}-{i}" for i in range(2, 10_000))) if n not in taken)
    draft = drafts.spec("Alerts", unique, manifest)
    draft.note((), manifest.comments((*loc, "name")))
    for index, rule in enumerate(items(manifest.get(*loc, "rules"))):
        if mapping(rule).get("alert"):
            _alert(manifest, drafts, draft, (*loc, "rules", index))
    return draft


def _alert(manifest: Manifest, drafts: Drafts, draft: Draft, loc: Loc) -> None:
    rule = mapping(manifest.get(*loc))
    expr = " ".join(line for line in text(rule.get("expr")).strip().splitlines() if not line.strip().startswith("#"))
    try:
        parse(expr)
    except PromQLError:
        return  # the defect says it, and the report that nothing came of it
    name = _name(text(rule["alert"]), drafts)
    labels, texts = mapping(rule.get("labels")), mapping(rule.get("annotations"))
    severity = _SEVERITIES.get(text(labels.get("severity")).lower())
    pending = _duration(rule.get("for"))
    at: Loc = ("alerts", name)
    draft.put(at, {}, manifest, (*loc, "alert"))
    draft.put((*at, "severity"), severity or "warning", manifest, (*loc, "labels", "severity"))
    draft.put((*at, "for"), pending, manifest, (*loc, "for"))
    draft.put((*at, "summary"), _sentence(texts, text(rule["alert"])), manifest, (*loc, "annotations"))
    if description := text(texts.get("description")):
        draft.put((*at, "description"), description, manifest, (*loc, "annotations", "description"))
    draft.put((*at, "runbook"), f"runbooks/{name}.md")
    expr = confined(expr)
    draft.put((*at, "promql"), expr, manifest, (*loc, "expr"))
    drafts.files[f"runbooks/{name}.md"] = _runbook(name, texts)
    if severity is None:
        drafts.assume(
            draft,
            (*at, "severity"),
            "warning",
            f"`{text(labels.get('severity')) or 'none'}` is no severity that is known; critical, warning and info are",
        )
    _tested(drafts, draft, at, expr, pending)


def _tested(drafts: Drafts, draft: Draft, at: Loc, expr: str, pending: str) -> None:
    found = situations(expr, millis(pending) // 60_000)
    if found:
        draft.put((*at, "tests"), found)
    else:
        drafts.assume(
            draft,
            (*at, "tests"),
            [],
            "situations in which it fires and in which it is silent; none could be worked out from the expression",
        )


def _name(wanted: str, drafts: Drafts) -> str:
    words = re.findall("[A-Za-z0-9]+", wanted)
    found = "".join(word[:1].upper() + word[1:] for word in words)[:58]
    found = found if re.match("[A-Z]", found) else f"Alert{found}"
    taken = {name for draft in drafts.all("Alerts") for name in draft.spec.get("alerts", {})}
    return next(n for n in (found, *(f"{found}{i}" for i in range(2, 10_000))) if n not in taken)


def _duration(value: Any) -> str:
    match = _DURATION.fullmatch(text(value))
    seconds = sum(int(part or 0) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True)) if match else 0
    if seconds and seconds % 86_400 == 0:
        return f"{seconds // 86_400}d"
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    return f"{seconds // 60}m" if seconds % 60 == 0 and seconds else f"{seconds}s"


def _sentence(texts: Mapping[str, Any], name: str) -> str:
    for key in ("summary", "title", "message", "description"):
        if found := text(texts.get(key)).strip():
            return found.splitlines()[0]
    return f"{name} fires."


def _runbook(name: str, texts: Mapping[str, Any]) -> str:
    url = next((text(texts[key]) for key in ("runbook_url", "runbook") if texts.get(key)), "")
    says = text(texts.get("description")) or text(texts.get("message")) or text(texts.get("summary"))
    more = f"What was written before: <{url}>." if url else "No runbook was written before: say here what to do."
    return f"# {name}\n\n{secrecy.mask(says).strip() or name}\n\n{more}\n"


# --- the proof --------------------------------------------------------------------------------------------------------


def _named(group: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Return a group with its rules by name: alerts by the name that they have now."""
    names = iter(draft.spec.get("alerts", {}))
    rules: dict[str, Any] = {}
    for index, rule in enumerate(items(group.get("rules"))):
        value = mapping(rule)
        if value.get("alert") and _readable(text(value.get("expr"))):
            rules[next(names)] = _one_form({k: v for k, v in value.items() if k != "alert"})
        else:
            rules[f"{index + 1} ({text(value.get('record') or value.get('alert'))})"] = value
    return {**{k: v for k, v in group.items() if k not in ("rules", "name")}, "rules": rules}


def _readable(expr: str) -> bool:
    try:
        parse(" ".join(line for line in expr.strip().splitlines() if not line.strip().startswith("#")))
    except PromQLError:
        return False
    return True


def _one_form(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule with its expression on one line, and its duration in one form."""
    lines = (line for line in text(rule.get("expr")).strip().splitlines() if not line.strip().startswith("#"))
    return {**rule, "expr": " ".join(lines), "for": _duration(rule.get("for"))}


def _new(objects: Objects, made: list[Draft]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for draft in made:
        rendered = forms.rendered(objects, "PrometheusRule", draft.name) or {}
        for group in items(mapping(rendered.get("spec")).get("groups")):
            rules = _by_alert(items(mapping(group).get("rules")))
            found[draft.name] = {"rules": dict(rules)}
    return found


def _by_alert(rules: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((text(r["alert"]), _one_form({k: v for k, v in mapping(r).items() if k != "alert"})) for r in rules)


IMPORTER = Importer("alerts", ("PrometheusRule", RULE_FILE), lift, order=60)
