"""Pods that can't start, can't be drained, or start something else tomorrow."""

PAGES = {
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
    "config-without-rollout": """
A ConfigMap is read by pods and keeps its name when its content changes.

Applying the change starts no pod again: those that run keep what they read, and the next ones read something else.

Fix: a hash of the content in an annotation of the pods. Names of rendered ConfigMaps follow their content.
""",
    "single-replica": """
A Service has one pod behind it, and nothing adds another.

While that pod is moved, replaced or broken, nobody answers.

Fix: `replicas` of the Runtime; by default two pods serve its API.
""",
    "no-replica-set": """
A MongoDB runs as a server by itself.

It has no transactions, a dump of it is not of one moment, and no other member takes its place.

Fix: a replica set; `members` of the StateStore says of how many.
""",
}
