"""A place where the system runs: namespace, cluster, addresses, and what is different there."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from generator.model import Kind, Resolving, Thing
from generator.kinds.system import System
from runtime.contract import Many, Name, Ref, Strict


class Cluster(Strict):
    """The cluster and what it speaks."""

    name: str = "in-cluster"
    """Name for people."""
    version: Literal["1.32", "1.36"] = "1.36"
    """Kubernetes version whose schemas the rendered objects have to meet."""
    server: str = "https://kubernetes.default.svc"
    """Address by which Argo CD reaches it."""


class Monitoring(Strict):
    """What the monitoring stack of the cluster selects by."""

    namespace: str = "monitoring"
    """Namespace in which Prometheus, Alertmanager and Grafana run."""
    selector_labels: dict[str, str] = {}
    """Labels that make the operator pick up ServiceMonitors, rules and Alertmanager configs."""
    datasource_uid: str = "prometheus"
    """Uid of the Prometheus data source in Grafana."""
    dashboard_labels: dict[str, str] = {"grafana_dashboard": "1"}
    """Labels that make Grafana's sidecar load a ConfigMap."""


class Urls(Strict):
    """Addresses for people; links in alerts and documents start with them."""

    grafana: str | None = None
    prometheus: str | None = None
    alertmanager: str | None = None
    runbooks: str | None = None
    """Where `rendered/<environment>/docs/` can be read."""


class ArgoCd(Strict):
    """How Argo CD reads this repository and syncs it."""

    namespace: str = "argocd"
    """Namespace in which Argo CD runs."""
    repo_url: str
    """Address of this repository."""
    revision: str = "main"
    """Branch or tag that is synced."""
    self_heal: bool = True
    """Hand edits in the cluster are undone."""
    prune: bool = True
    """What is no longer rendered is deleted, apart from state."""


class Rules(Strict):
    """Rules that are stricter or milder here."""

    tls_only: bool = True
    """Every endpoint has to be encrypted."""
    image_digest: bool = True
    """Images have to be named by digest."""


class Quota(Strict):
    """What the whole namespace may use."""

    cpu: str = "16"
    """Sum of CPU limits."""
    memory: str = "32Gi"
    """Sum of memory limits."""
    pods: int = 50
    """Number of pods."""


class Service(Strict):
    """Something outside this system that the cluster has: where the network rules let traffic through to."""

    namespace: str
    """Namespace in which it runs."""
    labels: dict[str, str]
    """Labels of its pods."""
    ports: Many[int]
    """TCP ports."""


class EnvironmentSpec(Strict):
    """One environment."""

    deployed: bool = True
    """Whether there is anything to render for a cluster; `false` for a laptop."""
    namespace: Name
    """Kubernetes namespace of everything that is rendered."""
    cluster: Cluster = Cluster()
    registry: str = ""
    """Image registry and path, such as `registry.example.com/apm`."""
    monitoring: Monitoring = Monitoring()
    urls: Urls = Urls()
    argocd: ArgoCd | None = None
    """Without it no Argo CD objects are rendered."""
    rules: Rules = Rules()
    quota: Quota = Quota()
    secrets: Literal["existing", "external-secrets"] = "existing"
    """Where referenced secrets come from: made by others, or by External Secrets from a store."""
    secret_store: str | None = None
    """Name of the ClusterSecretStore, with `external-secrets`."""
    egress_proxy: Service | None = None
    """Proxy through which names outside the cluster are reached; without it, port 443 of public addresses is opened."""
    ingress: Many[Service] = ()
    """Who may call the API."""
    overlay: dict[str, dict[str, dict[str, Any]]] = {}
    """Values that differ here: by kind and name, merged into the `spec` (null removes a field)."""
    promotes_from: Annotated[str | None, Ref("Environment")] = None
    """Environment in which a change is tried before it comes here."""


@dataclass(frozen=True)
class Environment(Thing):
    """An environment, resolved."""

    spec: EnvironmentSpec
    protected: bool

    @property
    def namespace(self) -> str:
        """Kubernetes namespace."""
        return self.spec.namespace


def resolve(spec: EnvironmentSpec, context: Resolving) -> Environment:
    """Return the environment."""
    (system,) = context.all(System)
    return Environment(**context.base, spec=spec, protected=context.base["source"].name in system.protected)


KIND = Kind("Environment", EnvironmentSpec, Environment, resolve)
