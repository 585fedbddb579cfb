"""Pages of what `apm import` sees in manifests that others wrote. None of it can be written in a spec."""

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
    "missing-configmap": """
A pod names a ConfigMap that is not among what was read.

Unless somebody makes it by hand, the pod never starts.

Fix: import the file that holds it too. In specs, settings are fields, and the ConfigMaps are rendered with the pods.
""",
    "missing-secret": """
A pod names a Secret that is not among what was read, and that no operator makes.

Fix: keep it in a secret store. Specs name secrets as secret-name/key; `apm doctor` says whether each is there.
""",
    "missing-claim": """
A pod mounts a PersistentVolumeClaim that is not among what was read.

The pod stays Pending.

Fix: import the file that holds it too. What lasts is kept in a StateStore, pods of apm have no volumes of their own.
""",
    "patch-as-manifest": """
A container has no image: the file is a patch of a manifest that stands elsewhere.

Applied by itself it is refused.

Fix: merge it into the manifest that it changes. In specs, what differs in an environment is its `overlay`.
""",
    "mutable-image": """
An image is named by no tag, or by `latest`.

What it is changes without a commit, and two replicas can run different programs.

Fix: name a digest; specs refuse everything else in protected environments.
""",
    "mixed-versions": """
A mutable image is pulled at every start.

Each new pod can run another version than the one beside it.

Fix: name a digest.
""",
    "image-without-registry": """
An image is named without a registry.

It is looked for at Docker Hub, where somebody else may own that name.

Fix: write the registry before it; in specs it is `registry` of the Environment.
""",
    "no-security-context": """
Pods say nothing about the user and the rights of their processes.

They run as the image says, often as root, and a namespace with Pod Security `restricted` refuses them.

Fix: nothing by hand: every pod that apm renders meets `restricted`.
""",
    "privileged": """
A container is privileged: it can do everything that its node can.

Fix: drop it; agents need nothing of the node.
""",
    "no-memory-limit": """
A pod has no memory limit.

It can take the memory of all others on its node, and alerts that divide by the limit divide by zero.

Fix: `resources` of the Runtime; it has defaults.
""",
    "single-writer-rollout": """
A volume that one node can write is mounted by a Deployment that rolls.

The new pod starts before the old one is gone; on another node it waits for the volume for ever.

Fix: keep state in a StateStore.
""",
    "short-grace": """
Work may take longer than a pod has to end.

A rollout or a drain kills what runs.

Fix: `grace` of the Runtime; runs are checkpointed, and go on in another pod.
""",
    "drain-blocked": """
A PodDisruptionBudget never allows a pod to be away.

With as many pods as have to be there, a node with one of them can't be drained, and upgrades of the cluster hang.

Fix: `availability.maxUnavailable` of the Runtime.
""",
    "custom-metric": """
An autoscaler reads a metric that only an adapter serves.

Without it the autoscaler is degraded: it can't add pods by that metric, and never removes any.

Fix: install the adapter, or scale by CPU.
""",
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
    "broad-secret-read": """
A role may read every Secret.

Whoever gets into one pod has the credentials of all.

Fix: name the Secrets, or mount them. Pods of apm have no rights at the API server.
""",
    "config-write": """
A role may write ConfigMaps.

A program can then change its own configuration past what Git says, and Argo CD fights with it.

Fix: keep what changes at run time in a database.
""",
    "job-create": """
A role may create Jobs.

A Job may run any image with any account of the namespace: the right is as good as all of them.

Fix: start workflows through the API.
""",
    "all-rights": """
A role may do everything with everything.

Fix: name resources and verbs.
""",
    "default-account": """
A ServiceAccount is bound to a role, and the pods of that name do not use it.

They run as `default`: the rights are there for nothing.

Fix: `serviceAccountName`; what apm renders has an account for each workload.
""",
    "borrowed-account": """
A backup runs with the account of the system that it backs up.

It needs no rights at the API server at all.

Fix: an account of its own; every Backup gets one without rights.
""",
    "account-without-rights": """
A job calls kubectl with the account `default`.

That account may do nothing, so the job fails, often in silence.

Fix: an account with exactly the role that it needs.
""",
    "plaintext-secret": """
A credential, or a place for one, stands in a file.

What was committed once stays in the history for ever; base64 hides nothing, and a placeholder invites a real value.

Fix: change it at its provider, and name it as secret-name/key.
""",
    "secret-encoding": """
A value under `data` of a Secret is no base64.

The API server refuses the object.

Fix: write it under `stringData`, or better, keep it in a secret store.
""",
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

They stay silent and empty.

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
    "fixed-dashboard-id": """
A dashboard carries the number that one Grafana gave it.

In another one that number may belong to another dashboard.

Fix: remove it; `uid` names a dashboard.
""",
    "no-dashboard-uid": """
A dashboard has no `uid`.

Its address is another one after every import, and links to it break.

Fix: `uid` of the Dashboard; default is its name.
""",
    "removed-panel": """
A panel is of a type that current versions of Grafana do not have.

Fix: `timeseries`, `stat` or `table`; import translates what it knows.
""",
    "unknown-panel": """
A panel is of a type that there is not.

Fix: correct the type.
""",
    "panel-without-unit": """
A panel has no unit.

Nobody can tell whether 0.3 is seconds, a share or a core.

Fix: `unit` of the panel.
""",
    "threshold-unit": """
A panel has a threshold of 80 and a unit that is no per cent.

80 is what Grafana writes by itself; 80 bytes or 80 seconds mean nothing, and the panel is always red or never.

Fix: a threshold in the panel's unit; a panel of an alert has that of the alert.
""",
    "datasource-uid": """
A panel wants a data source by a fixed uid.

Where provisioning sets another or none, it finds nothing.

Fix: a variable; every Dashboard has one, with `monitoring.datasourceUid` of the Environment.
""",
    "no-time-zone": """
A schedule names no time zone.

Its hour is that of whatever the controller runs in, mostly UTC.

Fix: `schedule.timeZone` of the Backup.
""",
    "no-deadline": """
A job that hangs is never ended.

Where two may not run at once, none ever runs again.

Fix: `schedule.deadline` of the Backup.
""",
    "ignored-failure": """
A script goes on after a command failed.

The job's status is that of its last line: a dump that failed counts as a success.

Fix: a Backup runs programs with arguments, and every failure fails the job.
""",
    "prune-regardless": """
Old archives are deleted whatever became of the new one.

After enough bad days nothing is left.

Fix: a Backup deletes nothing itself; `retention.minKeep` says how many stay, however old.
""",
    "hidden-failure": """
A script says that a failure does not count.

Fix: let it fail.
""",
    "two-timestamps": """
Parts of one backup are named by different times.

A restore that takes one time finds only one of them.

Fix: one name; archives of a Backup are named by their Job.
""",
    "inconsistent-dump": """
A dump shows each collection at another moment, or one database of several.

Fix: `covers.oplog` of the Backup, on a replica set.
""",
    "secret-in-arguments": """
A credential is an argument of a process.

Every process of the node can read arguments.

Fix: a configuration file; a Backup mounts one.
""",
    "backup-in-cluster": """
Archives lie in a claim of the cluster that they are to survive.

Fix: `destination.bucket` of the Backup.
""",
    "shared-claim": """
A job mounts the claim of a running pod.

With a volume for one node, both have to be on it, or the job hangs.

Fix: back up a store over the network.
""",
    "no-resources": """
A job asks for no CPU and no memory.

It is the first that a full node ends.

Fix: nothing by hand: every rendered container asks for what it needs.
""",
}
