"""Objects that the cluster does not know any more, that stand twice, or that nothing reads."""

PAGES = {
    "removed-api": """
An object is of an API version that current clusters do not have.

Applying it fails with "no matches for kind".

Fix: write the version that the message names; what apm renders is checked against the cluster's own version.
""",
    "object-twice": """
The same object stands in two places.

Whoever applies last wins, and with different content the cluster flips between both.

Fix: keep one. What specs render is unique by kind, namespace and name.
""",
    "unmounted-config": """
Rules or dashboards lie in a ConfigMap that no pod mounts and no sidecar looks for.

Nothing of it has an effect, and nothing says so.

Fix: import them; Alerts and Dashboards are rendered in the form that the operator and Grafana's sidecar read.
""",
    "redirect-without-tls": """
An Ingress sends everybody to https and has no certificate.

Fix: `spec.tls`, or no redirect.
""",
    "deprecated-annotation": """
The class of an Ingress is named by an annotation that is deprecated.

Fix: `spec.ingressClassName`.
""",
}
