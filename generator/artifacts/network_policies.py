"""Network rules: nothing is allowed but what the specs declare.

Every connection has its cause in a spec: the store of a runtime, the endpoint of a model, the host of a tool, the
bucket of a backup, the Prometheus of a report, who may call the API. An IP address is opened alone, with its port. A
NetworkPolicy knows no host names: what else is outside the cluster is reached through the declared proxy, or else its
ports are opened to public addresses.
"""

import ipaddress
from collections.abc import Iterable, Iterator

from generator.cluster.endpoints import ANYWHERE, Endpoint, endpoint, endpoints, service_of
from generator.cluster.k8s import ROLES, Object, RoleName, here, labels, selector, used_stores, workload_name
from generator.kinds.backup import Backup
from generator.kinds.environment import Dns, EnvironmentSpec, Pods, Service
from generator.kinds.report import Report
from generator.kinds.runtime import Runtime
from generator.kinds.state_store import Connection
from generator.model import Artifact, Project, Resource, Source, Thing
from runtime.contract import PORT

_API = "networking.k8s.io/v1"
_NAMESPACE = "kubernetes.io/metadata.name"
_PUBLIC = (
    ("0.0.0.0/0", ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")),
    ("::/0", ("fc00::/7", "fe80::/10")),
)
"""Public addresses: not private, carrier-grade or link-local ones, among them the metadata service of clouds."""


def render(project: Project) -> Iterator[Resource]:
    """Yield the rules for all pods, and those of each workload."""
    environment = here(project)
    spec, source = environment.spec, environment.source
    yield _policy("default-deny", source, {}, {"policyTypes": ["Ingress", "Egress"]}, {})
    dns = {"policyTypes": ["Egress"], "egress": [_dns(spec.cluster.dns)]}
    yield _policy("allow-dns", source, {}, dns, {})
    for runtime in project.all(Runtime):
        for role in ROLES:
            yield _workload(project, runtime, role, _ingress(role, spec), _egress(runtime, role, spec))
    for store in used_stores(project):
        yield _workload(project, store, "indexes", [], _store(store.spec.connection))
    for backup in project.all(Backup):
        yield _workload(project, backup, "backup", [], _backup(backup, spec))
    for report in project.all(Report):
        yield _workload(project, report, "report", [], _report(report, spec))


def _workload(project: Project, thing: Thing, component: str, ingress: list[Object], egress: list[Object]) -> Resource:
    rules: Object = {"policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}
    rules = {key: value for key, value in rules.items() if value}
    pods, found = selector(thing, component), labels(project, thing, component)
    return _policy(workload_name(thing, component), thing.source, pods, rules, found)


def _policy(name: str, source: Source, pods: Object, rules: Object, found: dict[str, str]) -> Resource:
    chosen: Object = {"matchLabels": pods} if pods else {}
    body = {"spec": {"podSelector": chosen, **rules}}
    return Resource(_API, "NetworkPolicy", name, "policy", source, body, labels=found)


# --- what each workload may do ----------------------------------------------------------------------------------------


def _ingress(role: RoleName, environment: EnvironmentSpec) -> list[Object]:
    monitoring = environment.monitoring
    callers = [Pods(namespace=monitoring.namespace, labels=monitoring.prometheus_labels)]
    if role == "api":
        callers += environment.ingress
    return [{"from": [_pods(caller)], "ports": [_port(PORT)]} for caller in callers]


def _egress(runtime: Runtime, role: RoleName, environment: EnvironmentSpec) -> list[Object]:
    store = _store(runtime.store.spec.connection)
    return [*store, *_outside(endpoints(runtime), environment)] if role == "worker" else store


def _backup(backup: Backup, environment: EnvironmentSpec) -> list[Object]:
    bucket, store = backup.bucket, _store(backup.store.spec.connection)
    return [*store, *_outside([endpoint(bucket.endpoint, "bucket")], environment)] if bucket else store


def _report(report: Report, environment: EnvironmentSpec) -> list[Object]:
    """To Prometheus, and to the recipients: their addresses are secrets, so that any public host may be one."""
    monitoring = environment.monitoring
    source = endpoint(report.document.prometheus, "prometheus")
    anywhere = Endpoint(ANYWHERE, 443, "recipients")
    if not source.in_cluster:
        return _outside([source, anywhere], environment)
    pods = Service(namespace=monitoring.namespace, labels=monitoring.prometheus_labels, ports=(source.port,))
    return [_to_service(pods), *_outside([anywhere], environment)]


def _store(connection: Connection) -> list[Object]:
    if connection.service:
        return [_to_service(connection.service)]
    blocks = [{"ipBlock": {"cidr": cidr}} for cidr in connection.addresses]
    return [{"to": blocks, "ports": [_port(connection.port)]}] if blocks else []


def _outside(found: Iterable[Endpoint], environment: EnvironmentSpec) -> list[Object]:
    services: dict[str, Service] = {}
    addresses: dict[str, set[int]] = {}
    ports: set[int] = set()
    for one in found:
        service = service_of(one, environment)
        if service:
            services[one.host] = service
        elif one.address:
            addresses.setdefault(str(ipaddress.ip_network(one.address)), set()).add(one.port)
        elif not one.in_cluster:
            ports.add(one.port)
    rules = [_to_service(services[host]) for host in sorted(services)]
    rules += [_to_address(cidr, sorted(addresses[cidr])) for cidr in sorted(addresses)]
    if (ports or addresses) and environment.egress_proxy:  # clients ask it for addresses too
        return [*rules, _to_service(environment.egress_proxy)]
    return [*rules, _to_public(sorted(ports))] if ports else rules


# --- rules ------------------------------------------------------------------------------------------------------------


def _to_service(service: Service) -> Object:
    return {"to": [_pods(service)], "ports": [_port(port) for port in service.ports]}


def _to_address(cidr: str, ports: list[int]) -> Object:
    return {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [_port(port) for port in ports]}


def _to_public(ports: list[int]) -> Object:
    blocks = [{"ipBlock": {"cidr": cidr, "except": list(without)}} for cidr, without in _PUBLIC]
    return {"to": blocks, "ports": [_port(port) for port in ports]}


def _dns(servers: Dns) -> Object:
    """Answers that are too long for UDP come by TCP."""
    return {"to": [_pods(servers)], "ports": [_port(53, "UDP"), _port(53)]}


def _pods(pods: Pods) -> Object:
    return {
        "namespaceSelector": {"matchLabels": {_NAMESPACE: pods.namespace}},
        "podSelector": {"matchLabels": dict(pods.labels)},
    }


def _port(number: int, protocol: str = "TCP") -> Object:
    return {"protocol": protocol, "port": number}


ARTIFACT = Artifact("network_policies", render)
