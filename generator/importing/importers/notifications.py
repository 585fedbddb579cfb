"""Configurations of Alertmanager, plain or the operator's -> Notifications."""

import re
from collections.abc import Mapping
from typing import Any

from generator.importing import forms
from generator.importing.drafts import Draft, Drafts, Importer, Objects, Twin, named
from generator.importing.manifests import ALERTMANAGER, Manifest, items, mapping, text

_SEVERITIES = ("critical", "warning", "info")
_TIMES = {"group_wait": "groupWait", "group_interval": "groupInterval", "repeat_interval": "repeatInterval"}
_REASONS = {
    "global": "addresses and credentials are named in each receiver, as secret-name/key",
    "templates": "messages are apm's own; they read only what Alertmanager always fills in",
    "metadata": "labels are rendered from the spec",
    "receivers": "slack channels and channels of a Runtime can be told; the text of a message is apm's own",
    "route": "a route takes severities and owners; who is told is the same, the labels that say so are apm's",
    "inhibit_rules": "alerts are picked by name and severity; what could never silence anything is left out",
}


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift receivers, routes and inhibitions."""
    if drafts.all("Notifications"):
        drafts.leave(manifest, "another file says who is told already; one system has one Notifications spec")
        return
    value = _snake(mapping(manifest.get("spec")) if manifest.kind == "AlertmanagerConfig" else manifest.value)
    receivers = {text(r.get("name")): r for r in map(mapping, items(value.get("receivers"))) if r.get("name")}
    told = {name: named(name) for name, r in receivers.items() if r.get("slack_configs")}
    if not told:
        drafts.leave(manifest, "none of its receivers is a Slack channel; mail, pagers and webhooks have no field")
        return
    draft = drafts.spec("Notifications", named(manifest.name or "notifications"), manifest)
    for name, short in told.items():
        _receiver(drafts, draft, short, _slack(receivers[name]))
        index = [*receivers].index(name)
        base = ("spec",) if manifest.kind == "AlertmanagerConfig" else ()
        draft.note(("receivers", short), manifest.comments((*base, "receivers", index, "name")))
    _timing(manifest, draft, mapping(value.get("route")))
    _routes(drafts, draft, mapping(value.get("route")), told)
    found = [i for rule in items(value.get("inhibit_rules")) if (i := _inhibition(mapping(rule))) and _possible(i)]
    if found:
        draft.put(("inhibitions",), found)
    drafts.twins.append(Twin(manifest, draft.title, _form(value), lambda objects: _new(objects, draft), _REASONS))


def _snake(value: Any) -> Any:
    """Return the operator's form in Alertmanager's own spelling."""
    if isinstance(value, Mapping):
        return {re.sub("(?<=[a-z])(?=[A-Z])", "_", str(k)).lower(): _snake(v) for k, v in mapping(value).items()}
    return [_snake(item) for item in items(value)] if isinstance(value, list) else value


def _slack(receiver: Mapping[str, Any]) -> dict[str, Any]:
    return mapping(next(iter(items(receiver.get("slack_configs"))), None))


def _receiver(drafts: Drafts, draft: Draft, name: str, slack: Mapping[str, Any]) -> None:
    channel = text(slack.get("channel"))
    at = ("receivers", name, "slack")
    if re.fullmatch("[#@][^ ]+", channel):
        draft.put((*at, "channel"), channel)
    else:
        drafts.assume(draft, (*at, "channel"), f"#{named(channel or name)}", "the Slack channel; none could be read")
    reference = mapping(slack.get("api_url"))
    if reference.get("name") and reference.get("key"):
        draft.put((*at, "webhook"), f"{reference['name']}/{reference['key']}")
    else:
        why = "the Secret with the address of the webhook; it must not stand in a file"
        drafts.assume(draft, (*at, "webhook"), "slack-webhook/url", why)
    if slack.get("send_resolved") is False or "send_resolved" not in slack:
        draft.put((*at, "sendResolved"), bool(slack.get("send_resolved", False)))
    prefix = re.match(r"\s*(\[[^\]{}]+\])", text(slack.get("title")))
    if prefix:
        draft.put(("receivers", name, "titles"), {"firing": prefix[1]})


def _timing(manifest: Manifest, draft: Draft, route: Mapping[str, Any]) -> None:
    if labels := [text(label) for label in items(route.get("group_by")) if text(label) and text(label) != "..."]:
        draft.put(("timing", "groupBy"), labels, manifest, ("route", "group_by"))
    for key, field in _TIMES.items():
        if re.fullmatch(r"\d+(ms|s|m|h|d)", text(route.get(key))):
            draft.put(("timing", field), text(route[key]), manifest, ("route", key))


def _routes(drafts: Drafts, draft: Draft, route: Mapping[str, Any], told: Mapping[str, str]) -> None:
    routes: list[dict[str, Any]] = []
    for child in map(mapping, items(route.get("routes"))):
        severities = [s for s in _matched(child).get("severity", []) if s in _SEVERITIES]
        receiver = told.get(text(child.get("receiver")) or text(route.get("receiver")))
        if severities and receiver:
            times = {
                field: text(child[key])
                for key, field in _TIMES.items()
                if re.fullmatch(r"\d+(ms|s|m|h|d)", text(child.get(key)))
            }
            more = {"continue": True} if child.get("continue") is True else {}
            routes.append({"receiver": receiver, "severities": severities, **times, **more})
    if routes:
        draft.put(("routes",), routes)
    default = told.get(text(route.get("receiver")))
    if default:
        draft.put(("default",), default)
    else:
        why = "who is told of what no route takes; that receiver is no Slack channel"
        drafts.assume(draft, ("default",), next(iter(told.values())), why)


def _matched(route: Mapping[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """Return the values that a route or an inhibition takes, by label, in all of Alertmanager's spellings."""
    found: dict[str, list[str]] = {}
    for key in (f"{prefix}match", f"{prefix}match_re"):
        for label, value in mapping(route.get(key)).items():
            found[label] = text(value).split("|")
    for matcher in items(route.get(f"{prefix}matchers" if prefix else "matchers")):
        if isinstance(matcher, str):
            if parts := re.fullmatch(r"\s*\{?\s*(\w+)\s*=~?\s*\"?([^\"{}]*)\"?\s*\}?\s*", matcher):
                found[parts[1]] = parts[2].split("|")
        elif mapping(matcher).get("name"):
            found[text(mapping(matcher)["name"])] = text(mapping(matcher).get("value")).split("|")
    return found


def _inhibition(rule: Mapping[str, Any]) -> dict[str, Any] | None:
    equal = [text(label) for label in items(rule.get("equal"))]
    source, target = (_pick(_matched(rule, f"{side}_") or _side(rule, side)) for side in ("source", "target"))
    return {"source": source, "target": target, "equal": equal} if equal and source and target else None


def _possible(inhibition: Mapping[str, Any]) -> bool:
    """Return whether an imported alert, which has one severity, can silence another one."""
    source, target = (mapping(inhibition[side]).get("severities") for side in ("source", "target"))
    return "alertname" not in inhibition["equal"] or not source or not target or bool({*source} & {*target})


def _side(rule: Mapping[str, Any], side: str) -> dict[str, list[str]]:
    return _matched({"matchers": rule.get(f"{side}_match") if isinstance(rule.get(f"{side}_match"), list) else []})


def _pick(matched: Mapping[str, list[str]]) -> dict[str, Any]:
    severities = [s for s in matched.get("severity", []) if s in _SEVERITIES]
    alerts = matched.get("alertname", [])
    return {**({"alerts": alerts} if alerts else {}), **({"severities": severities} if severities else {})}


# --- the proof --------------------------------------------------------------------------------------------------------


def _form(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with receivers and routes by name, in Alertmanager's own spelling."""
    receivers = {
        named(text(r.get("name")).rpartition("/")[2]): _told(r) for r in map(mapping, items(value.get("receivers")))
    }
    route = mapping(value.get("route"))
    routes = {
        "|".join(_matched(r).get("severity", ["?"])): {
            "receiver": named(text(r.get("receiver"))),
            **{k: r[k] for k in (*_TIMES, "group_by", "continue") if k in r},
        }
        for r in map(mapping, items(route.get("routes")))
    }
    rest = {k: v for k, v in value.items() if k in ("global", "templates")}
    top = {"receiver": named(text(route.get("receiver"))), **{k: route[k] for k in (*_TIMES, "group_by") if k in route}}
    inhibited = [_inhibition(mapping(rule)) or rule for rule in items(value.get("inhibit_rules"))]
    return {**rest, "receivers": receivers, "route": {**top, "routes": routes}, "inhibit_rules": inhibited}


def _told(receiver: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: "(not shown)" for key in receiver if key not in ("name", "slack_configs")}
    for slack in map(mapping, items(receiver.get("slack_configs"))):
        found["slack"] = {k: v for k, v in slack.items() if k in ("channel", "send_resolved")}
    return found


def _new(objects: Objects, draft: Draft) -> dict[str, Any] | None:
    value = forms.rendered(objects, "AlertmanagerConfig", draft.name)
    return _form(_snake(mapping(value.get("spec")))) if value else None


IMPORTER = Importer("notifications", (ALERTMANAGER, "AlertmanagerConfig"), lift, order=62)
