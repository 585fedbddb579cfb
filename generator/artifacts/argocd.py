"""What Argo CD needs to sync an environment: projects that allow what can be rendered and nothing else, an Application
for each group (or several, where the environment divides it), and the order of the groups as sync waves.

The Application of the group `argocd` is the parent of the others. It has a project of its own, because whoever may
write Applications could reach any project; administrators apply that group once, by hand. It is in a wave of its own,
the last: a sync that judged it first would fail on what it is about to mend.
"""

from collections.abc import Iterable, Iterator, Mapping

from generator import conventions
from generator.cluster import sharding
from generator.cluster.k8s import ROLES, Object, groups, here, role, workload_name
from generator.kinds.environment import ArgoCd, Environment
from generator.kinds.runtime import Runtime
from generator.kinds.system import System
from generator.model import Artifact, Project, Resource

_API = "argoproj.io/v1alpha1"
_PRUNE_LAST = "PruneLast=true"
_SHARED = "FailOnSharedResource=true"
_OPTIONS = (_SHARED, _PRUNE_LAST, "RespectIgnoreDifferences=true",
            "ServerSideApply=true")  # fmt: skip
"""Never ServerSideDiff: it calls an object synced that the API server refused to change. PruneLast keeps the documents
of the old revision until the rollout to the new one is done; the parent has none, and would wait for itself.
Where nothing is pruned, an Application may take over what another has: so objects move between parts of a group."""
_RETRY = {"limit": 5, "refresh": True, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}
"""Five minutes in all, for what comes up late: a namespace of an earlier wave, an operator's webhook. `refresh`: a
retry takes the newest revision, else a bad commit holds up the one that mends it, and self-healing, until the last."""
_CASCADE = ("resources-finalizer.argocd.argoproj.io/foreground",)
"""With an Application goes what it applied (but not what is kept): a group can lose its last spec."""
_KEEP = "Prune=false,Delete=false"
_SYNC, _WAVE = "argocd.argoproj.io/sync-options", "argocd.argoproj.io/sync-wave"
_PARENT = "argocd"
_ADMISSION = "admissionregistration.k8s.io"
_POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
_KINDS = (
    ("", "ConfigMap"),
    ("", "LimitRange"),
    ("", "PersistentVolumeClaim"),
    ("", "ResourceQuota"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("external-secrets.io", "ExternalSecret"),
    ("monitoring.coreos.com", "AlertmanagerConfig"),
    ("monitoring.coreos.com", "PrometheusRule"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
)
"""Every kind that other artifacts can render, whether these specs need it or not. Argo CD deletes nothing of a kind
that the project doesn't allow: a list that shrank with the specs would keep the last object of a kind for ever."""


def render(project: Project) -> Iterator[Resource]:
    """Yield AppProjects and Applications; nothing where the environment names no Argo CD."""
    environment = here(project)
    argo = environment.spec.argocd
    if argo is None:
        return
    name = f"{project.one(System).name}-{environment.name}"
    for suffix, spec in (("", _project(project, environment, argo)), ("-parent", _parent_project(environment, argo))):
        yield _object("AppProject", f"{name}{suffix}", environment, argo, spec, {_SYNC: _KEEP})
    divided = sharding.of(project)
    for group, folder in ((name, folder) for name in groups(project) for folder in divided.folders(name)):
        parent = group == _PARENT
        scaled = _scaled(r for r in project.all(Runtime) if divided.folder("runtime", "runtime", r.name) == folder)
        spec = _application(environment, argo, folder, f"{name}-parent" if parent else name, scaled)
        notes = {_WAVE: str(conventions.GROUPS.index(group))} | ({_SYNC: _KEEP} if parent else {})
        finalizers = () if parent else _CASCADE
        yield _object("Application", f"{name}-{folder}", environment, argo, spec, notes, finalizers)


def _object(
    kind: str, name: str, environment: Environment, argo: ArgoCd, spec: Object, notes: Mapping[str, str],
    finalizers: tuple[str, ...] = (),
) -> Resource:  # fmt: skip
    return Resource(
        _API, kind, name, "argocd", environment.source, {"spec": spec},
        annotations=notes, namespace=argo.namespace, finalizers=finalizers,
    )  # fmt: skip


# --- projects ---------------------------------------------------------------------------------------------------------


def _project(project: Project, environment: Environment, argo: ArgoCd) -> Object:
    namespace = {"group": "", "kind": "Namespace", "name": environment.namespace}
    policies = [{"group": _ADMISSION, "kind": kind, "name": f"{environment.namespace}.*"} for kind in _POLICIES]
    return {
        "description": f"{project.one(System).title}: {environment.name}",
        "sourceRepos": [argo.repo_url],
        "destinations": [{"server": environment.spec.cluster.server, "namespace": environment.namespace}],
        "clusterResourceWhitelist": [namespace, *policies],
        "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in _KINDS],
    }


def _parent_project(environment: Environment, argo: ArgoCd) -> Object:
    return {
        "description": f"Applications and projects of {environment.name}; for administrators",
        "sourceRepos": [argo.repo_url],
        "destinations": [{"server": "https://kubernetes.default.svc", "namespace": argo.namespace}],
        "namespaceResourceWhitelist": [
            {"group": "argoproj.io", "kind": "AppProject"},
            {"group": "argoproj.io", "kind": "Application"},
        ],
    }


def _scaled(runtimes: Iterable[Runtime]) -> list[str]:
    """Names of the Deployments whose number of pods an autoscaler sets."""
    names: list[str] = []
    for runtime in runtimes:
        scalings = {name: role(runtime, name).replicas for name in ROLES}
        names += [workload_name(runtime, name) for name, s in scalings.items() if s.max > s.min]
    return names


# --- applications -----------------------------------------------------------------------------------------------------


def _application(environment: Environment, argo: ArgoCd, folder: str, project: str, scaled: Iterable[str]) -> Object:
    path = f"{conventions.RENDERED}/{environment.name}/{folder}"
    parent = folder == _PARENT
    left_out = {_PRUNE_LAST if parent else "", "" if argo.prune else _SHARED}
    server = "https://kubernetes.default.svc" if parent else environment.spec.cluster.server
    namespace = argo.namespace if parent else environment.namespace
    spec: Object = {
        "project": project,
        "source": {"repoURL": argo.repo_url, "targetRevision": argo.revision, "path": path},
        "destination": {"server": server, "namespace": namespace},
        "syncPolicy": {
            "automated": {"prune": argo.prune, "selfHeal": argo.self_heal},
            "syncOptions": [option for option in _OPTIONS if option not in left_out],
            "retry": _RETRY,
        },
        "revisionHistoryLimit": 10,
    }
    pointer = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    ignored = [{**pointer, "name": name} for name in scaled]
    if ignored:
        spec["ignoreDifferences"] = ignored
    return spec


ARTIFACT = Artifact("argocd", render)
