"""What all workloads have in common: labels, the restricted pod, volumes and variables.

Where the API server would fill in a default inside a list item or for a whole pod, it is written out here: an object
that the server returns as it was rendered is one that Argo CD calls synced without asking the server for a dry run.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from generator import conventions
from generator.kinds.backup import Schedule as BackupSchedule
from generator.kinds.environment import Environment
from generator.kinds.report import ReportSchedule
from generator.kinds.runtime import Resources, Role, Runtime
from generator.kinds.state_store import StateStore
from generator.kinds.system import System
from generator.model import Project, Thing
from runtime.contract import millis

Object = dict[str, Any]
RoleName = Literal["api", "worker", "scheduler"]

ROLES: tuple[RoleName, ...] = ("api", "worker", "scheduler")
HTTP = "http"
"""Name of the one port of every runtime pod and Service: API, `/metrics`, `/healthz` and `/readyz`."""
UID = 65532
"""User and group of every process; above 10000, so that it is no user of a node."""
READ_BY_GROUP = 0o440
"""Mode of mounted secrets and configuration; the group is the pod's `fsGroup`."""
_STORAGE: tuple[str, str] = ("64Mi", "1Gi")
"""Logs and the volumes `tmp` and `files`, of which the runtime writes little."""

_MONITORING = {"Runtime", "Alerts", "Detector", "Maintenance", "Objective", "Notifications", "Dashboard", "Report"}
"""Kinds that something of the group `monitoring` is rendered from."""


def here(project: Project) -> Environment:
    """Return the environment that a project was resolved for."""
    return project.get(Environment, project.environment_name)


def role(runtime: Runtime, name: RoleName) -> Role:
    """Return what the spec says about one role of a runtime."""
    roles: Mapping[RoleName, Role] = {
        "api": runtime.spec.api,
        "worker": runtime.spec.worker,
        "scheduler": runtime.spec.scheduler,
    }
    return roles[name]


def workload_name(thing: Thing, component: str) -> str:
    """Return the name of a workload, and of its Service, account, budget, autoscaler and network policy."""
    return f"{thing.name}-{component}"


def selector(thing: Thing, component: str) -> dict[str, str]:
    """Return the labels by which the pods of a workload are selected; they never change."""
    return {conventions.LABEL_NAME: thing.name, conventions.LABEL_COMPONENT: component}


def labels(project: Project, thing: Thing, component: str = "") -> dict[str, str]:
    """Return the labels of what is rendered from a thing. `render` adds manager and environment to objects."""
    found = {
        **thing.labels,
        conventions.LABEL_NAME: thing.name,
        conventions.LABEL_PART_OF: project.one(System).name,
        conventions.LABEL_OWNER: thing.owner,
    }
    return {**found, conventions.LABEL_COMPONENT: component} if component else found


def used_stores(project: Project) -> tuple[StateStore, ...]:
    """Return the stores that a runtime keeps its state in, by name."""
    found = {runtime.store.name: runtime.store for runtime in project.all(Runtime)}
    return tuple(found[name] for name in sorted(found))


def groups(project: Project) -> list[str]:
    """Return the groups that have anything in them, in the order of their waves."""
    kinds = {thing.source.kind for thing in project}
    there = {
        "state": bool(used_stores(project)),
        "runtime": "Runtime" in kinds,
        "monitoring": bool(kinds & _MONITORING),
        "backup": "Backup" in kinds,
    }
    return [group for group in conventions.GROUPS if there.get(group, True)]


def content_hash(text: str) -> str:
    """Return ten hexadecimal digits for the name of an object that must not change."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def seconds(duration: str) -> int:
    """Return a duration in whole seconds, rounded up."""
    return math.ceil(millis(duration) / 1000)


# --- pods -----------------------------------------------------------------------------------------------------------


def pod_template(labels: Mapping[str, str], account: str, containers: Sequence[Object], volumes: Sequence[Object], *,
                 environment: Environment, grace: int, restart: str = "Always", init: Sequence[Object] = (),
                 spread: Sequence[Object] = ()) -> Object:  # fmt: skip
    """Return a pod template that meets the Pod Security level `restricted`; `grace` in seconds."""
    spec: Object = {
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": restart,
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": grace,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "fsGroup": UID,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    optional: Object = {
        "imagePullSecrets": [{"name": name} for name in environment.spec.pull_secrets],
        "topologySpreadConstraints": list(spread),
        "initContainers": list(init),
    }
    spec |= {key: value for key, value in optional.items() if value}
    spec |= {"containers": list(containers), "volumes": list(volumes)}
    return {"metadata": {"labels": dict(sorted(labels.items()))}, "spec": spec}


def container(name: str, image: str, arguments: Sequence[str], resources: Resources, *, command: Sequence[str] = (),
              env: Sequence[Object] = (), mounts: Sequence[Object] = (), storage: tuple[str, str] = _STORAGE,
              **more: Any) -> Object:  # fmt: skip
    """Return a container without any privilege, on a read-only root; `more` are ports and probes.

    `storage` is the local disk that it asks for and may use, what it writes into the pod's empty volumes included.
    """
    found: Object = {"name": name, "image": image, "imagePullPolicy": "Always"}
    if command:
        found["command"] = list(command)
    found |= {
        "args": list(arguments),
        "env": list(env),
        **more,
        "resources": {
            "requests": _amounts(resources.requests.cpu, resources.requests.memory, storage[0]),
            "limits": _amounts(resources.limits.cpu, resources.limits.memory, storage[1]),
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": UID,
            "runAsGroup": UID,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": list(mounts),
    }
    return {key: value for key, value in found.items() if value != []}


def cron_job(schedule: BackupSchedule | ReportSchedule, template: Object, labels: Mapping[str, str], *, late: int,
             retries: int, kept: tuple[int, int]) -> Object:  # fmt: skip
    """Return the spec of a CronJob whose Jobs never overlap.

    `late` is how many seconds after its time a Job may start; `kept` how many Jobs that succeeded and failed stay.
    """
    job = {"backoffLimit": retries, "activeDeadlineSeconds": seconds(schedule.deadline), "template": template}
    return {
        "schedule": schedule.cron,
        "timeZone": schedule.time_zone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": late,
        "successfulJobsHistoryLimit": kept[0],
        "failedJobsHistoryLimit": kept[1],
        "suspend": False,
        "jobTemplate": {"metadata": {"labels": dict(sorted(labels.items()))}, "spec": job},
    }


def _amounts(cpu: str, memory: str, storage: str) -> Object:
    return {"cpu": cpu, "memory": memory, "ephemeral-storage": storage}


def probe(path: str, *, every: int, failures: int, timeout: int = 3) -> Object:
    """Return a probe of the runtime's port; `every` and `timeout` in seconds."""
    return {
        "httpGet": {"path": path, "port": HTTP, "scheme": "HTTP"},
        "periodSeconds": every,
        "timeoutSeconds": timeout,
        "successThreshold": 1,
        "failureThreshold": failures,
    }


def spread(topology_keys: Iterable[str], labels: Mapping[str, str]) -> list[Object]:
    """Return constraints that spread the pods of each revision, and never keep one from starting."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in topology_keys
    ]


# --- variables and volumes --------------------------------------------------------------------------------------------


def value_env(name: str, value: str) -> Object:
    """Return a variable with a value."""
    return {"name": name, "value": value}


def secret_env(name: str, reference: str) -> Object:
    """Return a variable that holds a secret, named as secret-name/key."""
    secret, key = reference.split("/")
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def field_env(name: str, path: str) -> Object:
    """Return a variable that holds a field of the pod itself."""
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def proxy_env(environment: Environment) -> list[Object]:
    """Return the variables by which HTTP clients find the declared proxy; none where there is no proxy."""
    proxy = environment.spec.egress_proxy
    if proxy is None:
        return []
    inside = ["localhost", "127.0.0.1", ".cluster.local", ".svc", *sorted(environment.spec.services)]
    return [
        value_env("HTTP_PROXY", proxy.url),
        value_env("HTTPS_PROXY", proxy.url),
        value_env("NO_PROXY", ",".join(inside)),
    ]


def scratch_volume(name: str, size: str) -> Object:
    """Return an empty volume that ends with its pod."""
    return {"name": name, "emptyDir": {"sizeLimit": size}}


def secret_volume(name: str, reference: str) -> Object:
    """Return a volume with one key of a secret, as a file of the key's name."""
    secret, key = reference.split("/")
    items = [{"key": key, "path": key}]
    return {"name": name, "secret": {"secretName": secret, "items": items, "defaultMode": READ_BY_GROUP}}


def mount(name: str, path: str, *, read_only: bool = True) -> Object:
    """Return where a volume stands in a container."""
    return {"name": name, "mountPath": path, **({"readOnly": True} if read_only else {})}
