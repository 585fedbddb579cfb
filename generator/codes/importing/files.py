"""What can't be read as it stands."""

PAGES = {
    "empty-manifest": """
A file of manifests is empty, or holds only white space.

`kubectl apply` ends with "no objects passed to apply", and what the file is named after does not exist: a
NetworkPolicy in an empty file protects nothing.

Fix: write what was meant, or remove the file. apm derives network rules from what specs declare.
""",
    "template-file": """
A file is a template for a chart, not a manifest.

Fix: render it first (`helm template`), and import what comes out.
""",
    "unknown-manifest": """
A document is no manifest of a kind that is known.

Manifests have `kind`; rule files, dashboards, Alertmanager's and Prometheus' configurations are known by their keys.
Everything else is named in the report and left alone.

Fix: import the file that holds what you meant, or leave this one out.
""",
    "kind-unreadable": """
An account may not list objects of some kinds in a cluster that is imported.

What they say is not in the specs, and what looks at them is not judged.

Fix: `--from-namespace` names a namespace in which it may, or use an account that may read more.
""",
}
