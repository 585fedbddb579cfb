"""Every label, annotation, name pattern and path, once."""

API_VERSION = "apm/v1"
SPECS, POLICIES, RENDERED = "specs", "policies", "rendered"
STATE_DIR = ".apm"
"""Caches and the embedded store of a repository; never committed."""

ANNOTATION_SPEC = "apm/spec"
"""The spec file that an object comes from."""
LABEL_ENVIRONMENT = "apm/environment"
LABEL_OWNER = "apm/owner"
LABEL_NAME = "app.kubernetes.io/name"
LABEL_COMPONENT = "app.kubernetes.io/component"
LABEL_PART_OF = "app.kubernetes.io/part-of"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "apm"

DATA_SUFFIXES = (".replies.yaml",)
"""YAML files below specs/ that are no specs: written replies of agents, for tests."""

FILE_SIZE_LIMIT = 1 << 20
"""Bytes of one file below specs/ or policies/."""
DOCUMENT_NODE_LIMIT = 100_000
"""Values in one document, aliases expanded."""
DEPTH_LIMIT = 64
"""Nesting of one document."""

GROUPS = ("namespace", "policy", "state", "runtime", "monitoring", "backup", "argocd")
"""What Argo CD syncs, in the order of the sync waves."""


def is_group(folder: str) -> bool:
    """Return whether a folder below an environment is a group, or one of the parts that a group is divided into."""
    group, _, number = folder.partition("-")
    return group in GROUPS and (number.isdecimal() or folder == group)


def rendered_file(kind: str, name: str) -> str:
    """Return the file name of what one spec owns in a group: one file per owning spec."""
    return f"{kind.lower()}.{name}.yaml"


def header(spec_file: str, digest: str) -> str:
    """Return the first line of a rendered file, which also says that the file is ours."""
    return f"apm: rendered from {spec_file} ({digest[:12]}); change that and run `apm render`"


HEADER_MARK = "apm: rendered from "
