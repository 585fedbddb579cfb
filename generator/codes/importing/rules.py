"""Alerts that never fire, or always."""

PAGES = {
    "promql-refused": """
The expression of a rule is no PromQL.

Prometheus refuses the whole file, with all other rules in it.

Fix: correct it. The rule was not imported.
""",
    "absent-target": """
An alert compares `up` with 0.

Of a target that does not exist, `up` is absent: the alert is silent when the system is gone altogether.

Fix: the alert template `targetDown`, which counts a missing target as 0.
""",
    "absent-series": """
An alert on the age of something is silent where it never happened.

Fix: the alert template `freshness`, which counts a missing time as 1970.
""",
    "raw-counter": """
A counter is compared with a limit.

It only grows: once above, the alert fires for ever.

Fix: `rate()` or `increase()`.
""",
    "quantile-of-histogram": """
A quantile is read from a label that a histogram does not have.

The result is empty.

Fix: `histogram_quantile` over `_bucket`, or the alert template `latency`.
""",
    "unguarded-division": """
An expression divides by a limit that can be 0.

The share is infinite then, and above every limit.

Fix: divide by `(limit > 0)`.
""",
    "unaggregated-ratio": """
A share is formed for each series by itself.

A series of failures divided by itself is 1: one failure in a hundred thousand calls gives 100 %.

Fix: sum both sides before dividing; the alert template `ratio` does.
""",
    "label-mismatch": """
Two metrics with different labels are combined.

No pair is found and the result is empty.

Fix: `on(...)` with the labels that both have, or sum both sides.
""",
    "percent-of-rate": """
The text of an alert speaks of per cent, its expression counts events a second.

It fires with much traffic and few failures, and is silent with little traffic that all fails.

Fix: the alert template `ratio`.
""",
    "unreachable-threshold": """
A threshold is beyond what the pod may ever use.

With half a core as limit, 80 % of one core is never reached.

Fix: divide by the limit; the alert template `saturationOfLimit` does.
""",
    "silent-when-stuck": """
An alert on the mean duration says nothing of what hangs.

What has not ended gives no sample.

Fix: an alert on the age of the oldest that runs; the alert template `backlog` does.
""",
    "no-runbook": """
Whoever is called by an alert is told no runbook.

Fix: `runbook` of every alert, a file beside the spec; import writes one to be filled in.
""",
    "no-severity": """
An alert has no severity.

Routes by severity pass it over.

Fix: `severity` of every alert.
""",
    "unformatted-value": """
The text of an alert shows `$value` as it is, and that is no whole number.

It has up to 17 digits, such as 87.33333333333333.

Fix: `{{ $value | humanize }}`, or `humanizePercentage` of a share.
""",
    "identifier-label": """
An alert reads a label that has another value for each task, run or request.

Its metric grows by a series with each of them, until Prometheus runs out of memory.

Fix: log such an id, and count by something that has few values.
""",
}
