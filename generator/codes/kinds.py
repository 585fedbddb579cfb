"""Pages of what single kinds refuse by themselves, beyond the types of their fields."""

PAGES = {
    "image-version": """
An image is named without a digest and without a tag that stays the same.

Without a tag `latest` is pulled, which is another image every day.

Fix: write the digest that the release of the image printed, or at least its tag.
""",
    "min-above-max": """
A runtime would have more pods at least than at most.

Fix: raise `max`, or lower `min`.
""",
    "one-transport": """
A tool says in no way how it is called, or in several.

Exactly one of `mcp` (a tool of an MCP server), `http` (an HTTP operation) and `function` (shipped with the runtime) is
written.
""",
    "one-rule": """
A guardrail looks at nothing, or in several ways.

Exactly one of `schema`, `regex`, `cel`, `pii` and `llm` is written; several guardrails can stand at one point.
""",
    "one-pattern": """
A pattern says neither what must not occur nor what has to, or both.

Exactly one of `deny` and `require` is written.
""",
    "team-strategy": """
An agent has sub-agents and no strategy, or a strategy and no sub-agents, or `until` without `round_robin`.

`strategy` says how the agents of `subAgents` work together; one without the other would have no effect.
""",
    "mcp-transport": """
A tool says in no way where its MCP server is, or in two.

Exactly one of `url` (streamable HTTP) and `server` (a program that the Environment declares) is written.
""",
    "unsent-secret": """
A tool has a secret that nothing would send.

Secrets go out as `Authorization: Bearer` to the address of `http` or `mcp.url`. A program (`mcp.server`) is started
without any secret of the runtime, and a function is a part of the runtime.

Fix: delete `secret`; or put the server behind an address and write `mcp: {url, tool}`.

Bad: `{mcp: {server: time, tool: now}, secret: clock/key}`. Good: `{mcp: {server: time, tool: now}}`.
""",
    "mcp-executable": """
A program that may be started is written as a command line, or runs whatever it is told.

No spec holds code or shell text. A program is a name or an absolute path, its arguments a list, and shells,
interpreters and installers are refused: what they would run stands nowhere that could be checked.

Fix: name the server's own program, which the image ships.

Bad: `{executable: sh, args: [-c, "mcp-server-time"]}`. Good: `{executable: mcp-server-time}`.
""",
    "no-fix": """
A guardrail shall repair what can't be repaired.

Personal data can be taken out (`fix` with `pii`). What a schema, a pattern, a condition or a model does not accept can
be blocked, tried again, or shown to a person.
""",
    "no-retry": """
A guardrail on the task of an agent shall let it be tried again.

The task comes from the workflow and stays what it is. Fix: `block`, `approve`, or with `pii` `fix`.
""",
    "for-or-until": """
A `wait` says in no way how long it waits, or in both.

Fix: write `for` (a duration) or `until` (a time with its zone).
""",
    "join-too-many": """
A `parallel` waits for more branches than it has.

Fix: lower the number under `join`, or write `all`.

Bad: `parallel: {join: 3, branches: {a: [...], b: [...]}}`. Good: `join: 2`.
""",
    "one-any-all": """
A `listen` does not say what it waits for, or says it in several ways.

Fix: write `channel`, with `when` where not every event counts; or `any` or `all`, each a list of `{channel, when}`.
""",
    "edited-by-many": """
An approval lets its payload be edited and needs several people.

They would agree on different things. Fix: leave `edit` or `required` away, or ask twice.
""",
    "index-fields": """
An index names a field twice.

Fix: name each field once, in the order in which queries need them.
""",
    "text-index": """
A text index asks for something that MongoDB's text indexes can't do, such as an order or uniqueness.

Fix: leave `unique` and the leading `-` out, or make a second, ordinary index.
""",
    "two-text-indexes": """
A collection has two text indexes.

MongoDB allows one for each collection; creating the second fails when the system is deployed.

Fix: put all fields that are searched into one text index.
""",
    "index-twice": """
Two indexes of a collection have the same fields.

The second costs memory and every write some time, and answers nothing that the first does not.

Fix: remove one of them.
""",
    "collection-twice": """
A store has two collections of the same name.

Fix: rename or remove one of them.
""",
    "one-destination": """
A backup goes nowhere, or to two places.

Exactly one of `bucket` (survives the loss of the cluster) and `claim` (a volume in it) is written.
""",
    "secret-store": """
An environment takes its secrets from External Secrets, but does not say from which store.

Fix: write `secretStore`, the name of the ClusterSecretStore, or `secrets: existing`.
""",
    "metric-name": """
A metric has a name that Prometheus does not accept.

Names have letters, digits, `_` and `:` and start with no digit.
""",
    "alert-name": """
An alert has a name that is no single word.

Alertmanager groups and routes by the name: letters and digits, a capital first, such as `BackupStale`.
""",
    "no-condition": """
An alert does not say when it fires.

Exactly one of a template and `expr` is written.
""",
    "two-conditions": """
An alert says in two ways when it fires.

Exactly one of a template and `expr` is written: with both, one of them would be ignored.
""",
    "second-threshold": """
The `critical` threshold of an alert can't be used.

It adds a second alert with a stricter value to one from a template with `above`, and needs a severity below critical.

Fix: correct the value that the message names, or write a second alert.
""",
    "percentage-form": """
A share is not written as a percentage.

It is a number above 0 and up to 100 with `%`: a bare `0.1` could be a tenth or a thousandth.

Bad: `above: 0.1`. Good: `above: 10%`.
""",
    "one-source": """
A panel shows nothing, or two things.

Exactly one of `metric`, `alert`, `objective`, `detector` and `queries` is written.
""",
    "objective-target": """
The target of an objective is no share that could be one.

It is written as `99.9%`, a decimal number from 50% to below 100%: at 100% nothing may ever fail, so there is no budget.

Fix: write how many events have to be good.
""",
    "objective-window": """
The window of an objective is too short, too long, or no whole number of days.

Tiers are shares of it, the fastest one 1/720: below a week that would be a few minutes, and above a quarter of a year
hardly any Prometheus keeps the samples.

Fix: write a number of days from `7d` to `90d`; `28d` has the same weekdays in every window.
""",
    "one-side": """
An objective on a ratio counts neither or both of good and bad events.

Fix: keep `total` and exactly one of `good` and `bad`.
""",
    "one-recipient": """
A recipient of a report is nobody, or two.

Fix: write exactly one of `slack` and `webhook`; for two, write two recipients.
""",
    "one-method": """
A detector says nothing, or two things, about what is usual.

Fix: write exactly one of `robust` (the median of a window) and `seasonal` (the same hour of the weeks before).
""",
    "detector-window": """
The window of a detector is too short or too long.

Of less than an hour nothing usual is known; medians over more than two weeks cost Prometheus too much, and follow
changes too late.

Fix: write a duration from `1h` to `14d`.
""",
    "one-indicator": """
An objective counts nothing, or two things.

Fix: write exactly one of `ratio` and `latency`; a second indicator is a second Objective.
""",
    "unit-missing": """
A panel with queries or a detector does not say in which unit their values are.

Without a unit people read seconds as milliseconds and bytes as megabytes.

Fix: write `unit`; the empty text says that values are plain numbers.
""",
    "receiver-name": """
A receiver of notifications is called `nobody`.

That is the name of the receiver for what is told to nobody.

Fix: choose another name.
""",
    "receiver-empty": """
A receiver of notifications has neither `slack` nor `webhook`.

Its alerts would reach nobody, though a route takes them.

Fix: write where its messages go. What shall only be seen on dashboards is routed to `nobody`.
""",
}
