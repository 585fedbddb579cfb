"""Notifications as Alertmanager configuration, in the operator's form and in Alertmanager's own.

Both come from the same values, so that what `amtool` says about the second holds for the first. Message templates read
only what Alertmanager always fills in (`.Status`, `.Alerts`, `.CommonLabels`, `.CommonAnnotations`): since 0.32 a
template that fails sends an empty message instead of an error.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from generator.alert_templates._template import prometheus
from generator.cluster.k8s import Object
from generator.kinds._budget import BURN_TIER, Budget, windows
from generator.kinds.notifications import NOBODY, NotificationsSpec, Pick, Receiver, Route, Slack, Webhook

Address = Callable[[Webhook], str]
"""Webhook -> address that its events are sent to."""
SECRETS = "/etc/alertmanager/secrets"
"""Where Alertmanager finds mounted secrets, each as a folder of its keys."""

_WORDS = {
    "en": {"alerts": "alerts", "runbook": "Runbook", "dashboard": "Dashboard", "silence": "Silence"},
    "de": {"alerts": "Alarme", "runbook": "Runbook", "dashboard": "Dashboard", "silence": "Stummschalten"},
}
_COLOR = (
    '{{ if ne .Status "firing" }}good{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}'
)


@dataclass(frozen=True)
class Match:
    """One condition on a label."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.op}"{self.value}"'


@dataclass(frozen=True)
class Silenced:
    """While an alert of `source` fires, those of `target` are not told where the labels `equal` agree."""

    source: Sequence[Match]
    target: Sequence[Match]
    equal: tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """The parts of a Slack message, as templates."""

    title: str
    title_link: str
    text: str
    fallback: str
    color: str


def message(receiver: Receiver, language: str) -> Message:
    """Return the message of a receiver."""
    words = _WORDS[language]
    name = "{{ with .CommonLabels.alertname }}{{ . }}{{ else }}{{ len .Alerts }} " + words["alerts"] + "{{ end }}"
    title = _prefix("eq", receiver.titles.firing) + _prefix("ne", receiver.titles.resolved) + name
    title += "{{ with .CommonLabels.environment }} ({{ . }}){{ end }}"
    text = (
        "{{ range .Alerts }}*{{ .Annotations.summary }}*\n{{ .Annotations.description }}\n"
        f"{_link('runbook_url', words['runbook'])}{_link('dashboard_url', words['dashboard'])}"
        f"{_link('silence_url', words['silence'])}\n{{{{ end }}}}"
    )
    return Message(title, "{{ .CommonAnnotations.dashboard_url }}", text, title, _COLOR)


def _prefix(compare: str, text: str) -> str:
    return f'{{{{ if {compare} .Status "firing" }}}}{text} {{{{ end }}}}' if text else ""


def _link(annotation: str, word: str) -> str:
    return f"{{{{ with .Annotations.{annotation} }}}}<{{{{ . }}}}|{word}> {{{{ end }}}}"


def matches(route: Route) -> list[Match]:
    """Return the conditions of a route."""
    return [*_any_of("severity", route.severities), *_any_of("owner", route.owners)]


def _picked(pick: Pick) -> list[Match]:
    return [*_any_of("alertname", pick.alerts), *_any_of("severity", pick.severities)]


def _inhibitions(spec: NotificationsSpec) -> Iterator[Silenced]:
    yield from (Silenced(_picked(i.source), _picked(i.target), i.equal) for i in spec.inhibitions)


def between_tiers(budgets: Iterable[Budget]) -> Iterator[Silenced]:
    """Yield what keeps an objective from being told several times: a faster tier silences the slower ones."""
    found = list(budgets)
    used = {tier.name for budget in found for tier, _, _ in budget.used()}
    order = [tier.name for tier in windows("30d") if tier.name in used]
    labels = dict.fromkeys(label for budget in found for label in budget.count.by)
    equal = ("alertname", "namespace", *labels)
    for index, name in enumerate(order[:-1]):
        yield Silenced([Match(BURN_TIER, "=", name)], list(_any_of(BURN_TIER, tuple(order[index + 1 :]))), equal)


def _any_of(label: str, values: tuple[str, ...]) -> Iterator[Match]:
    if values:
        yield Match(label, "=" if len(values) == 1 else "=~", "|".join(values))


def _nobody(spec: NotificationsSpec) -> list[Object]:
    used = [spec.default or NOBODY, *(route.receiver for route in spec.routes)]
    return [{"name": NOBODY}] if NOBODY in used else []


def timing(spec: NotificationsSpec, route: Route | None) -> tuple[list[str], str, str, str]:
    """Return what groups messages of a route (None: of the default), and how long they wait, at first and again."""
    base = spec.timing
    by = route.group_by if route and route.group_by is not None else base.group_by
    wait = (route and route.group_wait) or base.group_wait
    interval = (route and route.group_interval) or base.group_interval
    repeat = (route and route.repeat_interval) or base.repeat_interval
    return list(by), prometheus(wait), prometheus(interval), prometheus(repeat)


_CAMEL = ("receiver", "groupBy", "groupWait", "groupInterval", "repeatInterval")
_SNAKE = ("receiver", "group_by", "group_wait", "group_interval", "repeat_interval")


def _told(spec: NotificationsSpec, route: Route | None, names: tuple[str, ...]) -> Object:
    receiver = route.receiver if route else spec.default or NOBODY
    return dict(zip(names, (receiver, *timing(spec, route)), strict=True))


# --- the operator's form --------------------------------------------------------------------------------------------


def operator_spec(spec: NotificationsSpec, address: Address, between: Sequence[Silenced] = ()) -> Object:
    """Return the `spec` of an AlertmanagerConfig; `between` are inhibitions besides those that people wrote."""
    routes = [
        {**_told(spec, r, _CAMEL), "matchers": [_matcher(m) for m in matches(r)], "continue": r.continue_}
        for r in spec.routes
    ]
    receivers = [_operator_receiver(name, r, spec.language, address) for name, r in spec.receivers.items()]
    found: Object = {
        "route": {**_told(spec, None, _CAMEL), **({"routes": routes} if routes else {})},
        "receivers": [*receivers, *_nobody(spec)],
    }
    if rules := [*_inhibitions(spec), *between]:
        found["inhibitRules"] = [_operator_inhibition(rule) for rule in rules]
    return found


def _matcher(match: Match) -> Object:
    return {"name": match.label, "matchType": match.op, "value": match.value}


def _operator_receiver(name: str, receiver: Receiver, language: str, address: Address) -> Object:
    found: Object = {"name": name}
    if receiver.slack:
        found["slackConfigs"] = [_operator_slack(receiver.slack, message(receiver, language))]
    if receiver.webhook:
        found["webhookConfigs"] = [_operator_webhook(receiver.webhook, address(receiver.webhook))]
    return found


def _operator_webhook(webhook: Webhook, url: str) -> Object:
    authorization = {"type": "Bearer", "credentials": _key(webhook.credentials)}
    return {
        "url": url,
        "sendResolved": webhook.send_resolved,
        "maxAlerts": webhook.max_alerts,
        "httpConfig": {"authorization": authorization},
    }


def _key(reference: str) -> Object:
    secret, key = reference.split("/")
    return {"name": secret, "key": key}


def _operator_slack(slack: Slack, found: Message) -> Object:
    return {
        "apiURL": _key(slack.webhook),
        "channel": slack.channel,
        "sendResolved": slack.send_resolved,
        "title": found.title,
        "titleLink": found.title_link,
        "text": found.text,
        "fallback": found.fallback,
        "color": found.color,
        "mrkdwnIn": ["text"],
    }


def _operator_inhibition(rule: Silenced) -> Object:
    return {
        "sourceMatch": [_matcher(m) for m in rule.source],
        "targetMatch": [_matcher(m) for m in rule.target],
        "equal": list(rule.equal),
    }


# --- Alertmanager's own form ----------------------------------------------------------------------------------------


def plain(spec: NotificationsSpec, address: Address, between: Sequence[Silenced] = ()) -> Object:
    """Return the same as a configuration file of Alertmanager; webhooks and keys are read from mounted secrets."""
    routes = [
        {**_told(spec, r, _SNAKE), "matchers": [str(m) for m in matches(r)], "continue": r.continue_}
        for r in spec.routes
    ]
    receivers = [_plain_receiver(name, r, spec.language, address) for name, r in spec.receivers.items()]
    found: Object = {
        "route": {**_told(spec, None, _SNAKE), **({"routes": routes} if routes else {})},
        "receivers": [*receivers, *_nobody(spec)],
    }
    if rules := [*_inhibitions(spec), *between]:
        found["inhibit_rules"] = [_plain_inhibition(rule) for rule in rules]
    return found


def _plain_receiver(name: str, receiver: Receiver, language: str, address: Address) -> Object:
    found: Object = {"name": name}
    if receiver.slack:
        found["slack_configs"] = [_plain_slack(receiver.slack, message(receiver, language))]
    if receiver.webhook:
        found["webhook_configs"] = [_plain_webhook(receiver.webhook, address(receiver.webhook))]
    return found


def _plain_webhook(webhook: Webhook, url: str) -> Object:
    authorization = {"type": "Bearer", "credentials_file": f"{SECRETS}/{webhook.credentials}"}
    return {
        "url": url,
        "send_resolved": webhook.send_resolved,
        "max_alerts": webhook.max_alerts,
        "http_config": {"authorization": authorization},
    }


def _plain_slack(slack: Slack, found: Message) -> Object:
    return {
        "api_url_file": f"{SECRETS}/{slack.webhook}",
        "channel": slack.channel,
        "send_resolved": slack.send_resolved,
        "title": found.title,
        "title_link": found.title_link,
        "text": found.text,
        "fallback": found.fallback,
        "color": found.color,
        "mrkdwn_in": ["text"],
    }


def _plain_inhibition(rule: Silenced) -> Object:
    return {
        "source_matchers": [str(m) for m in rule.source],
        "target_matchers": [str(m) for m in rule.target],
        "equal": list(rule.equal),
    }
