"""Traffic and metrics that do not arrive."""

PAGES = {
    "scrape-blocked": """
Pods are to be scraped and their NetworkPolicy lets no Prometheus in.

`up` is 0 for ever, and so are all alerts on it.

Fix: let Prometheus's pods in; the rules of a Runtime do.
""",
    "no-dns": """
Egress is confined and name servers are not among what is let through.

No host name can be looked up: every call fails.

Fix: let port 53 through; what apm renders does, for every pod.
""",
    "scrape-port": """
A ServiceMonitor names a port that its Service does not have.

There is no target then, and no error anywhere.

Fix: name a port of the Service; those of a Runtime are rendered together.
""",
    "dropped-series": """
A relabeling throws away series that alerts or panels read.

They stay silent and empty. Named where a reader means this target (`job="..."`), or where no other target lets the
series through; what the cluster itself exports (`container_*`, `kube_*`, `node_*`) comes from elsewhere.

Fix: keep what is read.
""",
    "unselected-rules": """
Rules lack the labels by which the Prometheus Operator picks objects.

They are never loaded, without any error.

Fix: `monitoring.selectorLabels` of the Environment, which go to monitors, rules and notifications alike.
""",
    "dead-annotations": """
Pods carry annotations for scraping in a cluster that finds its targets by ServiceMonitors.

They do nothing, or everything is collected twice.

Fix: remove them.
""",
    "wire-port-scrape": """
A database's own port is scraped.

It speaks its own protocol there and has no metrics.

Fix: scrape an exporter, and declare what it exports in Metrics.
""",
    "scraped-twice": """
Two jobs scrape one target.

Every sum over jobs counts it twice.

Fix: one job for each target.
""",
    "no-cadvisor": """
Nodes are scraped without `/metrics/cadvisor`.

There are no container metrics then, and alerts on them never fire.

Fix: add that path, and the right nodes/metrics.
""",
    "tls-unverified": """
A job does not verify certificates.

Fix: name the authority's certificate.
""",
    "virtual-ip-scrape": """
A job scrapes the address of Services.

Behind it is any of the pods: each scrape sees another one.

Fix: discover endpoints or pods.
""",
    "rules-not-loaded": """
Rule files are looked for where none are mounted.

Prometheus starts without a rule and without a warning.

Fix: make the glob and the mount agree.
""",
    "egress-blocked": """
Pods call an address whose port no egress rule lets out.

Every such call fails, mostly by a timeout.

Fix: let the port through; what apm renders lets out what specs call, and nothing else.
""",
    "scrape-without-right": """
Prometheus is to scrape nodes and its role lacks nodes/metrics.

Kubelets answer 403: there are no metrics of nodes and containers.

Fix: add `nodes/metrics` to the role.
""",
}
