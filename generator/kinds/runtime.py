"""One deployment of the generic image: which workflows it serves, how big it is, and where its state is."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._image import Image
from generator.kinds._quantity import Quantity
from generator.kinds.agent import Agent
from generator.kinds.model import Model
from generator.kinds.state_store import StateStore
from generator.kinds.tool import Tool
from generator.kinds.workflow import Workflow
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, Many, Ref, SecretRef, Strict


class Amount(Strict):
    """CPU and memory, as Kubernetes quantities."""

    cpu: Quantity
    """Processor cores, such as `500m` or `2`."""
    memory: Quantity
    """Bytes, such as `512Mi`."""


class Resources(Strict):
    """What one pod asks for and may use."""

    requests: Amount = Amount(cpu="100m", memory="128Mi")
    """What the scheduler keeps free for a pod."""
    limits: Amount = Amount(cpu="500m", memory="512Mi")
    """What a pod may use at most."""


class Scaling(Strict):
    """How many pods there are."""

    min: Annotated[int, Field(ge=1)] = 2
    """Pods at least."""
    max: Annotated[int, Field(ge=1)] = 2
    """Pods at most; the same as `min` for no autoscaling."""
    cpu: Annotated[int, Field(ge=1, le=100)] = 70
    """Percent of the CPU request at which pods are added."""
    stabilization: Duration = "300s"
    """How long load has to be low before pods are removed."""

    @model_validator(mode="after")
    def _in_order(self) -> "Scaling":
        if self.max < self.min:
            raise PydanticCustomError(
                "min-above-max", "max ({max}) is below min ({min})", {"max": self.max, "min": self.min}
            )
        return self


class Role(Strict):
    """One of the three parts of a runtime."""

    replicas: Scaling = Scaling()
    """How many pods there are."""
    resources: Resources = Resources()
    """What one pod asks for and may use."""


class Availability(Strict):
    """What a drain and a rollout may take away."""

    max_unavailable: Annotated[int, Field(ge=1)] = 1
    """Pods that may be away at the same time."""
    spread: Many[str] = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    """Node labels over which pods are spread."""


class Tokens(Strict):
    """JSON Web Tokens of an identity provider, beside the API keys."""

    jwks: SecretRef
    """Public keys of the issuer (a JWKS), as secret-name/key."""
    issuer: str
    """The claim `iss` has to be this."""
    audience: str
    """The claim `aud` has to hold this."""
    leeway: Duration = "30s"
    """How much clocks may differ."""
    roles_claim: str = "roles"
    """Claim with the roles: `reader`, `operator`, `approver`, `admin`, as a list or with blanks between them."""
    tenant_claim: str = "tenant"
    """Claim with the tenant; without it the tenant is `default`."""


class Traces(Strict):
    """Where spans of runs, steps, calls of models and calls of tools are sent; they hold no prompt and no answer."""

    endpoint: Annotated[str, Field(pattern="^https?://[^/@]+(/.*)?$")]
    """Base URL of an OpenTelemetry collector that takes OTLP/HTTP, such as `http://collector.observability.svc:4318`;
    spans go to `/v1/traces` below it."""
    headers: SecretRef | None = None
    """Headers that it asks for, as secret-name/key: `name=value`, separated by commas."""
    percent: Annotated[int, Field(ge=1, le=100)] = 100
    """How many of 100 runs are traced; a caller that sends `traceparent` decides for its own."""


class RuntimeSpec(Strict):
    """One deployment of the generic image."""

    image: Image
    """Image of all its pods."""
    workflows: Annotated[Many[Annotated[str, Ref("Workflow")]], Field(min_length=1)]
    """Workflows that it serves; their sub-workflows come along."""
    state_store: Annotated[str, Ref("StateStore")]
    """Where runs and checkpoints are kept."""
    api: Role = Role()
    """Serves the HTTP API."""
    worker: Role = Role()
    """Executes steps."""
    scheduler: Role = Role(replicas=Scaling(min=1, max=1))
    """Cron triggers, leases, retention; one leads, others stand by."""
    slots: Annotated[int, Field(ge=1, le=200)] = 10
    """Runs that one worker executes at the same time."""
    lease: Duration = "30s"
    """Time after which a silent worker's run is given to another."""
    grace: Duration = "120s"
    """Time to hand back runs when a pod is stopped; longer than a checkpoint takes."""
    availability: Availability = Availability()
    """What a drain and a rollout may take away."""
    api_keys: SecretRef
    """Keys of the HTTP API, as secret-name/key: one `name role key` a line, or `name role key tenant`; roles are
    `reader`, `operator`, `approver` and `admin`, joined by `+` where there are several, and with `@team` for each Team
    whose questions the holder may answer."""
    tokens: Tokens | None = None
    """Tokens that the API takes besides keys."""
    traces: Traces | None = None
    """Where OpenTelemetry spans are sent; without it, nowhere."""


@dataclass(frozen=True)
class Runtime(Thing):
    """A runtime, resolved."""

    spec: RuntimeSpec
    store: StateStore
    workflows: tuple[Workflow, ...]
    """All workflows that it serves, sub-workflows included, by name."""

    def agents(self) -> tuple[Agent, ...]:
        """Return the agents of all its workflows, by name."""
        found = {agent.name: agent for workflow in self.workflows for agent in workflow.agents}
        return tuple(found[name] for name in sorted(found))

    def models(self) -> tuple[Model, ...]:
        """Return the models of all its workflows, by name."""
        found = {model.name: model for workflow in self.workflows for model in workflow.models}
        return tuple(found[name] for name in sorted(found))

    def tools(self) -> tuple[Tool, ...]:
        """Return the tools of all its workflows, by name."""
        found = {tool.name: tool for workflow in self.workflows for tool in workflow.tools}
        return tuple(found[name] for name in sorted(found))


def resolve(spec: RuntimeSpec, context: Resolving) -> Runtime:
    """Return the runtime with all that it serves."""
    found = {w.name: w for name in spec.workflows for w in context.find(Workflow, name).closure()}
    workflows = tuple(found[name] for name in sorted(found))
    return Runtime(**context.base, spec=spec, store=context.find(StateStore, spec.state_store), workflows=workflows)


KIND = Kind("Runtime", RuntimeSpec, Runtime, resolve)
