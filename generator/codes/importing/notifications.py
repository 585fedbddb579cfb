"""Messages that reach nobody."""

PAGES = {
    "unattached-config": """
A configuration of Alertmanager is in a Secret that no Alertmanager reads.

Fix: Notifications are rendered as an AlertmanagerConfig, which the operator picks by its labels.
""",
    "unmounted-templates": """
Templates of messages are looked for where none are mounted.

Fix: nothing by hand: messages of Notifications need no templates of their own.
""",
    "inhibition-never": """
An inhibition can never silence anything.

It needs an alert with both severities and an equal name, and there is none.

Fix: remove it, or give the alert a second threshold (`critical`).
""",
    "template-fields": """
A message reads `.Annotations` or `.Labels` at its top, where a message has neither.

The template fails and nothing is sent; `amtool check-config` says that all is well.

Fix: `.CommonAnnotations`, or `range .Alerts`.
""",
    "severity-unrouted": """
Alerts have a severity that no route takes.

They end at the receiver of the top, often one that nobody reads.

Fix: a route for it. Notifications are refused where an alert reaches nobody.
""",
    "slack-by-webhook": """
A generic webhook is pointed at Slack.

Slack answers 400: the form is Alertmanager's own.

Fix: a `slack` receiver.
""",
    "several-configs": """
Several files say who is told of alerts.

Only one of them can be what Alertmanager reads.

Fix: one Notifications spec.
""",
}
