"""Rights that are too wide, and credentials."""

PAGES = {
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
}
