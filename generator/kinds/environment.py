"""A place where the system runs: namespace, cluster, addresses, and what is different there."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._executable import McpServer
from generator.kinds._quantity import Quantity
from generator.kinds.system import System
from generator.model import Kind, Resolving, Thing
from runtime.contract import Many, Name, Ref, Strict


class Pods(Strict):
    """Pods outside this system, for the network rules."""

    namespace: str
    """Namespace in which they run."""
    labels: dict[str, str]
    """Labels of the pods."""


class Service(Pods):
    """Something outside this system that the cluster has: where the network rules let traffic through to."""

    ports: Annotated[Many[Annotated[int, Field(ge=1, le=65535)]], Field(min_length=1)]
    """TCP ports of the pods; where a Kubernetes Service maps ports, the ones that it maps to."""


class Proxy(Service):
    """A forward proxy through which names outside the cluster are reached."""

    url: str
    """Address, such as `http://egress-proxy.egress.svc:3128`."""


class Dns(Pods):
    """Name servers of the cluster; they are asked at port 53."""

    namespace: str = "kube-system"
    """Namespace in which they run."""
    labels: dict[str, str] = {"k8s-app": "kube-dns"}
    """Labels of the pods."""


class Cluster(Strict):
    """The cluster and what it speaks."""

    name: str = "in-cluster"
    """Name for people."""
    version: Literal["1.32", "1.36"] = "1.36"
    """Kubernetes version whose schemas the rendered objects have to meet."""
    server: str = "https://kubernetes.default.svc"
    """Address by which Argo CD reaches it."""
    dns: Dns = Dns()
    """Where its name servers are."""


class Monitoring(Strict):
    """What the monitoring stack of the cluster selects by."""

    namespace: str = "monitoring"
    """Namespace in which Prometheus, Alertmanager and Grafana run."""
    selector_labels: dict[str, str] = {}
    """Labels that make the operator pick up ServiceMonitors, rules and Alertmanager configs."""
    prometheus_labels: dict[str, str] = {"app.kubernetes.io/name": "prometheus"}
    """Labels of Prometheus's pods, which are let in to collect metrics."""
    prometheus_url: Annotated[str | None, Field(pattern="^https?://[^/@ ]+(/[^ ]*)?$")] = None
    """Address of Prometheus inside the cluster, such as `https://prometheus-operated.monitoring.svc:9090`; reports ask
    it. A protected environment wants `https`, or a Waiver."""
    datasource_uid: str = "prometheus"
    """Uid of the Prometheus data source in Grafana."""
    dashboard_labels: dict[str, str] = {"grafana_dashboard": "1"}
    """Labels that make Grafana's sidecar load a ConfigMap."""


class Urls(Strict):
    """Addresses for people; links in alerts and documents start with them."""

    grafana: str | None = None
    """Address of Grafana."""
    prometheus: str | None = None
    """Address of Prometheus."""
    alertmanager: str | None = None
    """Address of Alertmanager."""
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
    """What is no longer rendered is deleted, apart from state. While this is off, an Application may take over what
    another one has."""
    shards: dict[Literal["policy", "runtime", "monitoring"], Annotated[int, Field(ge=1, le=100)]] = {}
    """Number of Applications into which a group is divided; another number moves objects, which is safe only while
    `prune` is off."""


class Rules(Strict):
    """Rules that an environment may ask for; a protected one keeps them all, whatever is written here."""

    tls_only: bool | None = None
    """Every endpoint has to be encrypted. Default: true in protected environments, false elsewhere."""
    image_digest: bool | None = None
    """Images have to be named by digest. Default: true in protected environments, false elsewhere."""


class Quota(Strict):
    """What the whole namespace may use."""

    cpu: Quantity = "16"
    """Sum of CPU limits."""
    memory: Quantity = "32Gi"
    """Sum of memory limits."""
    storage: Quantity = "200Gi"
    """Sum of what claims ask for."""
    pods: Annotated[int, Field(ge=1)] = 50
    """Number of pods."""


class EnvironmentSpec(Strict):
    """One environment."""

    deployed: bool = True
    """Whether there is anything to render for a cluster; `false` for a laptop."""
    namespace: Name
    """Kubernetes namespace of everything that is rendered."""
    cluster: Cluster = Cluster()
    """The cluster that it runs in."""
    registry: str = ""
    """Image registry and path, such as `registry.example.com/apm`."""
    pull_secrets: Many[Name] = ()
    """Secrets with the registry's credentials, where it asks for any."""
    monitoring: Monitoring = Monitoring()
    """The monitoring stack that watches it."""
    urls: Urls = Urls()
    """Addresses for people."""
    argocd: ArgoCd | None = None
    """Without it no Argo CD objects are rendered."""
    rules: Rules = Rules()
    """Rules that are stricter here; a protected environment keeps them all anyway."""
    quota: Quota = Quota()
    """What the namespace may use."""
    secrets: Literal["existing", "external-secrets"] = "existing"
    """Where referenced secrets come from: made by others, or by External Secrets from a store."""
    secret_store: str | None = None
    """Name of the ClusterSecretStore, with `external-secrets`."""
    secret_path: str = ""
    """Path in that store below which each secret stands by its name; default: the namespace."""
    egress_proxy: Proxy | None = None
    """Proxy through which names outside the cluster are reached; without it, the ports of the declared endpoints are
    opened to all public addresses, private ranges excluded."""
    services: dict[str, Service] = {}
    """What runs behind host names inside the cluster, such as `erp.erp-system.svc`: models, tools and buckets with such
    a host are let through to these pods."""
    mcp_servers: dict[Name, McpServer] = {}
    """Programs that tools with `mcp: {server: NAME}` are offered by; no others can be started."""
    ingress: Many[Pods] = ()
    """Who may call the API."""
    overlay: dict[str, dict[str, dict[str, Any]]] = {}
    """Values that differ here: by kind and name, merged into the `spec` (null removes a field)."""
    promotes_from: Annotated[str | None, Ref("Environment")] = None
    """Environment in which a change is tried before it comes here."""

    @model_validator(mode="after")
    def _has_store(self) -> "EnvironmentSpec":
        if self.secrets == "external-secrets" and not self.secret_store:
            raise PydanticCustomError(
                "secret-store", "`secrets: external-secrets` needs `secretStore`, the name of a ClusterSecretStore"
            )
        return self


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
