"""Pages of what `apm ci` and `apm codeowners` find beside the specs."""

PAGES = {
    "rendered-differs": """
A file below rendered/ is not what the specs say.

Somebody changed a spec without `apm render`, changed the file by hand, or merged two branches; Argo CD would sync what
the file holds and not what was reviewed. The place is the first line that differs.

Fix: run `apm render` and commit the result.
""",
    "codeowners-differs": """
CODEOWNERS does not say what the Team specs say.

The code host would ask others for approval than those who are meant to give it.

Fix: run `apm codeowners` and commit the result.
""",
    "approves-nothing": """
A team is to approve something, and the code host will ask nobody.

Either the path is not in the repository, or the team lists no account. Bad: `approves: [specs/runtimes.yaml]` where the
file is called `specs/runtime.yaml`. Good: `approves: [specs/runtime.yaml]` with `members: ["@org/devops"]`.

Fix: correct the path (a file or a folder below the repository root), or list `members`.
""",
}
