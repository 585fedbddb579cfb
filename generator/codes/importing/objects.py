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
    "sub-path-unserved": """
An Ingress leads a path to a program that is not told of it.

Grafana, Prometheus and Alertmanager look for their scripts and styles at the root then: the page stays empty.

Fix: give the program its address with that path, or a host of its own.
""",
    "missing-service": """
A variable or a ConfigMap names an address in the cluster whose Service is not among what was read.

Unless somebody makes it, every call fails.

Fix: import the file that holds it too. In specs an address is that of a Tool, a Model or a service of the Environment.
""",
    "shared-on-one-node": """
A claim wants to be written on several nodes, and its class has volumes for one.

It stays Pending, or works until two pods are on different nodes.

Fix: a class of shared file systems, or better, a store. Pods of apm have no volumes of their own.
""",
}
