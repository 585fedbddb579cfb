"""Pages of what can be wrong with the fields of any spec."""

PAGES = {
    "not-a-spec": """
A YAML file below `specs/` or `policies/` holds something else than specs.

Every document of a `.yaml` or `.yml` file here is a spec with `apiVersion`, `kind`, `metadata` and `spec`, unless a
spec names the file (recorded replies of a WorkflowTest, for instance).

Fix: make it a spec, name it in one, or put it elsewhere.
""",
    "api-version": """
A spec says another `apiVersion` than `apm/v1`.

Fix: write `apiVersion: apm/v1`. Kubernetes objects do not belong below `specs/`: they are rendered.
""",
    "unknown-kind": """
A spec is of a kind that does not exist.

`apm explain` lists all kinds. Names are written as there, `StateStore` and not `statestore`.

Fix: correct the name (the nearest one is suggested).
""",
    "unknown-key": """
A key is not known where it stands.

Unknown keys are refused rather than ignored: a misspelt `timeuot` would otherwise be a timeout that nobody gets. The
hint names the nearest known key, or all of them if they are few. `apm explain KIND.field` says what there is.

Fix: correct the name, move the key to where it belongs, or remove it.
""",
    "missing-field": """
A field that has no default is missing.

The place is the mapping in which it is missing. If a key beside it is a misspelling of it, only that key is reported.

Fix: add the field; `apm explain KIND.field` says what it means.
""",
    "wrong-type": """
A value is of another type than its field: a number where a text is expected, a text instead of a list, and so on.

Types are never converted. `version: 3` is a number and `version: "3"` a text, and only one of them is meant.

Fix: write a value of the expected type; quote numbers and truth values that are meant as texts.
""",
    "not-allowed": """
A field accepts a few words only, and this value is none of them.

Fix: take one of the allowed words, which the hint names. They are written exactly as there, capital letters included.
""",
    "invalid-value": """
A value is of the right type, but outside of what its field accepts: too small, too long, in another form.

Fix: the message says what is expected.
""",
    "name": """
A name is not in the form that Kubernetes accepts.

Names of specs become names of objects, labels and metrics. They have 1 to 63 lower-case letters, digits and `-`, and
start and end with a letter or a digit (a DNS label, RFC 1123).

Bad: `Van_Stage`. Good: `van-stage`.
""",
    "duration": """
A duration is not in the form of a number and a unit.

Units are `ms`, `s`, `m`, `h` and `d`; one number, one unit, no space. A bare number is refused: it could be seconds or
milliseconds.

Bad: `timeout: 90`, `timeout: 1h30m`. Good: `timeout: 90s`, `timeout: 90m`.
""",
    "money": """
An amount of money is not in the form of a number and a currency.

The currency is its code of three capital letters (ISO 4217), after a space; at most four digits follow the point.

Bad: `maxCost: €5`. Good: `maxCost: 5 EUR`.
""",
    "secret-ref": """
A secret is not referenced as name/key.

Specs never hold credentials. They name a secret of the cluster and the key in it; how the secret gets there is said by
the environment (`secrets`). If the value that stands here is a credential, replace it: it is in the history now.

Bad: the password itself. Good: `secret: mongodb-credentials/uri`.
""",
    "date": """
A date is not written as year, month and day.

Fix: write it in quotes, since YAML readers disagree about unquoted dates: `expires: "2027-01-31"`.
""",
    "quantity": """
An amount of CPU or memory is not in the form that Kubernetes accepts.

CPU is a number of cores (`2`) or thousandths (`500m`); memory has a unit (`512Mi`, `2Gi`). Zero is no amount.

Bad: `memory: 512MB`. Good: `memory: 512Mi`.
""",
    "no-verb": """
A step does not say what it does.

Every step has an `id` and exactly one verb, such as `agent`, `tool`, `switch` or `parallel`; the message lists them
all.

Bad: `{id: ask}`. Good: `{id: ask, agent: helper}`.
""",
    "two-verbs": """
A step says two things to do.

A step does one thing, so that its result, its retries and its place in a run are clear.

Fix: make two steps of it; the second one follows the first.

Bad: `{id: a, agent: helper, tool: search}`. Good: `{id: a, agent: helper}` and `{id: b, tool: search}`.
""",
}
