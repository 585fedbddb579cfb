"""Rights that are too wide, and accounts that nobody uses; credentials that stand in files."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Any

from generator.importing.defects import Defects
from generator.importing.manifests import (
    ALERTMANAGER,
    Found,
    Manifest,
    containers,
    items,
    leaves,
    mapping,
    pod_spec,
    text,
)
from generator.model import Loc
from generator.problems import Problem
from generator.rules import secrecy

_WRITES = {"create", "update", "patch", "delete", "*"}
_PLACEHOLDER = re.compile(r"^\s*$|^\$|^<|^\{\{")


def run(found: Found) -> Iterable[Problem]:
    """Report rights and credentials."""
    for manifest in found.of("Role", "ClusterRole"):
        for index, rule in enumerate(items(manifest.get("rules"))):
            yield from _rule(manifest, ("rules", index), mapping(rule))
    yield from _accounts(found)
    yield from _plaintext(found)


def _rule(manifest: Manifest, loc: Loc, rule: dict[str, Any]) -> Iterator[Problem]:
    resources = {text(r) for r in items(rule.get("resources"))}
    verbs = {text(v) for v in items(rule.get("verbs"))}
    if resources & {"secrets", "*"} and verbs & {"get", "list", "watch", "*"} and not rule.get("resourceNames"):
        message = "it may read every Secret" + (
            " of the cluster" if manifest.kind == "ClusterRole" else " of the namespace"
        )
        yield manifest.problem(loc, "broad-secret-read", message, "name the Secrets in resourceNames, or mount them")
    if "configmaps" in resources and verbs & _WRITES and manifest.kind == "Role":
        message = "it may rewrite ConfigMaps, its own configuration among them, past everything that Git says"
        yield manifest.problem(loc, "config-write", message, "keep what changes at run time in a database")
    if "jobs" in resources and verbs & {"create", "*"}:
        message = "it may create Jobs: any image, with any account of the namespace"
        yield manifest.problem(loc, "job-create", message, "start workflows through the API instead")
    if "*" in verbs and "*" in resources:
        yield manifest.problem(loc, "all-rights", "it may do everything", "name verbs and resources")


def _accounts(found: Found) -> Iterator[Problem]:
    bound = {
        (text(mapping(s).get("namespace")) or m.namespace, text(mapping(s).get("name"))): m
        for m in found.of("RoleBinding")
        for s in items(m.get("subjects"))
    }
    for manifest in found.of("Deployment", "StatefulSet"):
        account = (manifest.namespace, manifest.name)
        if account in bound and not pod_spec(manifest)[1].get("serviceAccountName"):
            message = f'pods run as `default`; the rights of ServiceAccount "{manifest.name}" are never used'
            yield manifest.problem(pod_spec(manifest)[0], "default-account", message, "write serviceAccountName")
    for manifest in found.of("CronJob"):
        account = (manifest.namespace, text(pod_spec(manifest)[1].get("serviceAccountName")))
        if account in bound and "backup" in manifest.name:
            yield manifest.problem(
                (*pod_spec(manifest)[0], "serviceAccountName"),
                "borrowed-account",
                f'a backup runs with the rights of "{account[1]}" and needs none at the API server',
                "an account of its own",
            )
        script = " ".join(
            text(w) for _, c in containers(manifest) for k in ("command", "args") for w in items(c.get(k))
        )
        if "kubectl" in script and not account[1]:
            yield manifest.problem(
                pod_spec(manifest)[0],
                "account-without-rights",
                "it calls kubectl with the account `default`, which may do nothing",
                "an account with a Role",
            )


# --- credentials ------------------------------------------------------------------------------------------------------


def _plaintext(found: Found) -> Iterator[Problem]:
    for manifest in found.of("Secret"):
        for part in ("data", "stringData"):
            for key, value in mapping(manifest.get(part)).items():
                if _holds(value, encoded=part == "data") and not found.held(manifest):
                    message = f"the value of `{key}` stands here" + (", base64 hides nothing" if part == "data" else "")
                    yield manifest.problem(
                        (part, key), "plaintext-secret", message, "change it, and keep it in a secret store"
                    )
                elif part == "data" and not _encoded(value):
                    message = f"`{key}` under `data` is no base64: the API server refuses the object"
                    yield manifest.problem((part, key), "secret-encoding", message, "write it under stringData")
    for manifest in found.of("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod"):
        yield from _variables(manifest)
    for manifest in found.of(ALERTMANAGER, "AlertmanagerConfig"):
        yield from _addresses(manifest)
    for manifest in found.of("ConfigMap"):
        yield from _texts(manifest)


def _holds(value: Any, *, encoded: bool) -> bool:
    if not text(value).strip() or _PLACEHOLDER.match(text(value)):
        return False
    if encoded and not _encoded(value):
        return False
    plain = _decoded(text(value)) if encoded else text(value)
    return len(plain.splitlines()) < 2 or _credential(plain)  # a whole configuration need not hold a credential


def _decoded(value: str) -> str:
    return base64.b64decode("".join(value.split())).decode(errors="replace")


def _credential(content: str) -> bool:
    return any(True for line in content.splitlines()[:5000] for _ in secrecy.credentials(line))


def _encoded(value: Any) -> bool:
    try:
        base64.b64decode("".join(text(value).split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _variables(manifest: Manifest) -> Iterator[Problem]:
    for loc, container in containers(manifest):
        for index, variable in enumerate(items(container.get("env"))):
            name, value = text(mapping(variable).get("name")), text(mapping(variable).get("value"))
            if value and (any(secrecy.credentials(f"{name}={value}")) or secrecy.is_password(name)):
                yield manifest.problem(
                    (*loc, "env", index, "name"),
                    "plaintext-secret",
                    f"the value of {name} stands here in plain text",
                    "valueFrom.secretKeyRef",
                )


_KEYS = (
    "slack_api_url",
    "api_url",
    "apiUrl",
    "smtp_auth_password",
    "auth_password",
    "password",
    "routing_key",
    "service_key",
    "bearer_token",
    "opsgenie_api_key",
    "credentials",
)


def _addresses(manifest: Manifest) -> Iterator[Problem]:
    for path, value in leaves(manifest.value):
        key = path.rpartition(".")[2]
        if key in _KEYS and isinstance(value, str) and value and not _PLACEHOLDER.match(value):
            loc: Loc = tuple(int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", path))
            yield manifest.problem(
                loc,
                "plaintext-secret",
                f"`{key}` stands here in plain text; a placeholder invites a real one",
                "reference a Secret: `*_file` in Alertmanager's form, secret-name/key in a spec",
            )


def _texts(manifest: Manifest) -> Iterator[Problem]:
    for key, value in mapping(manifest.get("data")).items():
        if _credential(text(value)) or (
            secrecy.is_password(key) and text(value) and not _PLACEHOLDER.match(text(value))
        ):
            yield manifest.problem(
                ("data", key),
                "plaintext-secret",
                f"`{key}` of a ConfigMap holds a credential",
                "keep it in a secret store",
            )


DEFECTS = Defects("rights", run)
