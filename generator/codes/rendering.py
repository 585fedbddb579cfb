"""Pages of what shows when environments are laid over specs and objects are rendered."""

PAGES = {
    "dead-overlay": """
An environment changes a spec that is not there.

`overlay` names specs by kind and name. A name that does not exist would change nothing, in silence. So would `null` for
a field that the spec does not have: `null` takes away what is written.

Fix: correct the name (the nearest one is suggested), or remove the entry.
""",
    "duplicate-object": """
Two specs render the same Kubernetes object: kind, namespace and name are equal.

One of them would overwrite the other, and Argo CD would report both Applications as fighting over it.

Fix: rename one of the two specs.
""",
    "object-schema": """
A rendered object does not meet the schema of the environment's Kubernetes version, or of a custom resource.

The cluster would refuse it, or drop the field. The place is the spec that the object was rendered from, and the
message names the field of the object. Where the spec's value is at fault, correct it; otherwise it is a mistake in
apm, and worth a report.
""",
    "no-schema": """
An object is of a kind or version that the environment's Kubernetes version does not have.

Versions are removed over time: what worked on an older cluster is gone on the new one.

Fix: check `cluster.version` of the environment. For a custom resource, its schema has to be among those that apm
ships.
""",
    "policy": """
A rendered object does not meet a policy of this repository.

Policies stand in `policies/`; the message says what is wrong, and the policy's file is named beside it. The cluster
holds the same policy and would refuse the object.

Fix: change the spec that the object comes from. If an exception is really needed, write a Waiver with the policy's
name as `rule`, kind and name of the object as `scope`, and a last day.
""",
    "unused-waiver": """
A Waiver makes an exception that nothing needs any more.

Exceptions that stay after their reason has gone would cover the next mistake too. This is a warning.

Fix: remove it.
""",
    "rendered-differs": """
What is committed below `rendered/` is not what the specs say.

Argo CD syncs what is committed. A file there that was edited by hand, or not rendered again after a spec was changed,
makes the cluster differ from the specs without anybody seeing it.

Fix: run `apm render` and commit the result; a change that was made by hand belongs into a spec.
""",
    "foreign-manifest": """
A manifest below `rendered/` was not written by apm.

Argo CD applies every manifest in the folder of a group, whoever put it there: what no spec says, no check and no policy
sees. Counted are files (and links) that end in `.yaml`, `.yml`, `.json` or `.jsonnet`, or are
called `Kustomization`, in the groups of an environment, and anywhere in a folder that is no environment. Other files,
and `docs/`, are free. `apm render` never deletes what it did not write.

Fix: move the file out of `rendered/`, or write a spec that says what it says, and delete it.
""",
    "codeowners-differ": """
The file that tells the code host who approves what is not what the Team specs say.

Fix: run `apm codeowners` and commit the result.
""",
    "approves-nothing": """
A team is to approve something and can't be asked.

Either a path under `approves` does not exist, so that no change of it ever needs an approval, or the team has no
account at the code host.

Fix: correct the path, or list accounts under `members`.
""",
    "application-empty": """
A group of an environment is divided into more Applications than it can fill.

Its specs are divided by name, so that a new one moves no other; with few of them a part may get none. An Application
without a folder in git is an error to Argo CD.

Fix: write the number that the finding says. Objects move then: `apm explain application-size` says how without loss.
""",
    "application-size": """
A group of an environment is larger than one Application of Argo CD can be.

The repo server adds up the manifests of a folder and refuses what is above
`reposerver.max.combined.directory.manifests.size`, 10 MB by default (it may need 300 times as much memory). The
Application then stays as it was, with a ComparisonError. An Application also lists each of its objects in its own
status, and etcd takes 1.5 MB for one object by default: from somewhat above 3000 objects on its status can't be written
any more, and a sync never ends. This is a warning, since both limits can be raised.

Fix: divide the group into as many Applications as the finding says, with `argocd.shards` of the Environment. Objects
move then, and an Application deletes what moves away from it unless nothing is pruned, so merge three changes, each
when Argo CD has synced the one before:

1. `argocd.prune: false`. From now on an Application may take over what another one has.
2. `argocd.shards`. Wait until all Applications are Synced: nothing was deleted, and each has what is rendered for it.
3. `argocd.prune: true`, or without the field.

The same three lead to fewer Applications; there the parent, `...-argocd`, is Synced only after the third, which has to
wait until each of those that are too many says that its path does not exist: until then it takes back what has left it.
Or divide the system into more Environments; or raise the limit in `argocd-cmd-params-cm`, with the memory of the repo
server.
""",
}
