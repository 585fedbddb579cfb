"""What a runtime calls beside its store: models, tools, HTTP steps, collectors. Network rules are made of these."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from generator.kinds.environment import EnvironmentSpec, Service
from generator.kinds.model import Model
from generator.kinds.runtime import Runtime
from generator.rules.addresses import fault
from runtime.nodes.http import HttpStep
from runtime.steps import walk

ANYWHERE = "*"
"""Host of an address that is only known when a run computes it."""
_INSIDE = ("local", "scripted")
"""Providers that answer inside the pod."""
_PROVIDERS = {
    "openai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "mistralai": "api.mistral.ai",
    "google-genai": "generativelanguage.googleapis.com",
    "groq": "api.groq.com",
}
"""Hosts of LangChain's providers when a model names no endpoint."""
_PORTS = {"http": 80, "https": 443}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, order=True)
class Endpoint:
    """One host and TCP port, and the spec that causes the connection."""

    host: str
    port: int
    cause: str
    """Such as `Model review`."""

    @property
    def in_cluster(self) -> bool:
        """Whether the host is the name of a Kubernetes Service."""
        name = self.host != ANYWHERE and self.address is None
        return name and ("." not in self.host or self.host.endswith((".svc", ".cluster.local")))

    @property
    def address(self) -> Address | None:
        """The IP address that the host is; None for a name. An IPv4 address within IPv6 is the IPv4 address."""
        try:
            found = ipaddress.ip_address(self.host.partition("%")[0])
        except ValueError:
            return None
        return getattr(found, "ipv4_mapped", None) or found

    @property
    def unreachable(self) -> str:
        """Why no other pod or machine can be behind the host, such as `loopback`; empty where one can."""
        address = self.address
        if address is None:
            return "loopback" if self.host == "localhost" or self.host.endswith(".localhost") else ""
        words = ("loopback", "link_local", "unspecified", "multicast")
        return next((word.replace("_", "-") for word in words if getattr(address, f"is_{word}")), "")


def endpoints(runtime: Runtime) -> tuple[Endpoint, ...]:
    """Return what a runtime's workers connect to, sorted, each cause once."""
    return tuple(sorted(set(_found(runtime))))


def _found(runtime: Runtime) -> Iterator[Endpoint]:
    for model in runtime.models():
        if model.document.provider not in _INSIDE:
            yield _model(model)
    for tool in runtime.tools():
        if tool.url:
            yield endpoint(tool.url, f"Tool {tool.name}")
    if traces := runtime.spec.traces:
        yield endpoint(traces.endpoint, f"Runtime {runtime.name}, traces")
    for workflow in runtime.workflows:
        for step in walk(workflow.steps):
            if isinstance(step, HttpStep):
                yield endpoint(step.http.url, f"Workflow {workflow.name}, step {step.id}")


def _model(model: Model) -> Endpoint:
    cause = f"Model {model.name}"
    if model.endpoint:
        return endpoint(model.endpoint, cause)
    return Endpoint(_PROVIDERS.get(model.document.provider, ANYWHERE), 443, cause)


def endpoint(url: str, cause: str) -> Endpoint:
    """Return the endpoint of an address; what an expression computes could be any public host."""
    origin = "/".join(url.split("/")[:3])
    if "${" in origin or fault(origin):
        return Endpoint(ANYWHERE, 443, cause)
    parts = urlsplit(origin)
    return Endpoint(parts.hostname or ANYWHERE, parts.port or _PORTS.get(parts.scheme, 443), cause)


def service_of(found: Endpoint, environment: EnvironmentSpec) -> Service | None:
    """Return the pods behind an endpoint that an environment declares."""
    return environment.services.get(found.host)
