"""The Deployments of each runtime: one image in three roles, told by arguments, variables and documents."""

from collections.abc import Iterator

from generator.cluster import configs
from generator.cluster.k8s import (
    HTTP,
    ROLES,
    Object,
    RoleName,
    container,
    here,
    labels,
    mount,
    pod_template,
    probe,
    proxy_env,
    role,
    scratch_volume,
    seconds,
    secret_env,
    secret_volume,
    selector,
    spread,
    value_env,
    workload_name,
)
from generator.kinds.environment import Environment
from generator.kinds.model import secret_env as secret_variable
from generator.kinds.runtime import Runtime, Tokens, Traces
from generator.model import Artifact, Project, Resource
from runtime.contract import PORT, SPEC_DIR

HAND_BACK = 15
"""Seconds beyond `grace`: to hand runs back, flush metrics and exit before the kubelet kills."""
KEYS_DIR = "/run/secrets/api-keys"
TOKENS_DIR = "/run/secrets/jwks"
FILES_DIR = "/var/lib/apm/files"
"""Where the tools `file-read` and `file-write` work; it ends with the pod."""


def render(project: Project) -> Iterator[Resource]:
    """Yield a Deployment for each role of each runtime."""
    for runtime in project.all(Runtime):
        for name in ROLES:
            yield _deployment(project, runtime, name)


def _deployment(project: Project, runtime: Runtime, name: RoleName) -> Resource:
    found, scaling = labels(project, runtime, name), role(runtime, name).replicas
    fixed = {"replicas": scaling.min} if scaling.min == scaling.max else {}
    spec: Object = {
        **fixed,
        "revisionHistoryLimit": 5,
        "progressDeadlineSeconds": 600,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": selector(runtime, name)},
        "template": _template(project, runtime, name),
    }
    return Resource(
        "apps/v1", "Deployment", workload_name(runtime, name), "runtime", runtime.source, {"spec": spec}, labels=found
    )


def _template(project: Project, runtime: Runtime, name: RoleName) -> Object:
    environment = here(project)
    return pod_template(
        labels(project, runtime, name),
        workload_name(runtime, name),
        [_container(runtime, name, environment)],
        _volumes(runtime, name),
        environment=environment,
        grace=seconds(runtime.spec.grace) + HAND_BACK,
        spread=spread(runtime.spec.availability.spread, selector(runtime, name)),
    )


def _container(runtime: Runtime, name: RoleName, environment: Environment) -> Object:
    image = runtime.spec.image.reference(environment.spec.registry)
    return container(
        name,
        image,
        ["serve", "--role", name],
        role(runtime, name).resources,
        env=_variables(runtime, name, environment),
        mounts=_mounts(runtime, name),
        ports=[{"name": HTTP, "containerPort": PORT, "protocol": "TCP"}],
        startupProbe=probe("/healthz", every=2, failures=60),
        livenessProbe=probe("/healthz", every=10, failures=3),
        readinessProbe=probe("/readyz", every=5, failures=2),
    )


# --- variables: what runtime/settings.py reads ------------------------------------------------------------------------


def _variables(runtime: Runtime, name: RoleName, environment: Environment) -> list[Object]:
    common = [
        secret_env("MONGODB_URI", runtime.store.spec.connection.secret),
        value_env("APM_DATABASE", runtime.store.spec.database),
        value_env("APM_STORE_POOL", str(runtime.store.spec.connection.max_pool)),
        value_env("APM_HOST", "0.0.0.0"),  # noqa: S104  (in a pod; network policies say who gets in)
        value_env("APM_PORT", str(PORT)),
        value_env("APM_SPEC_DIR", SPEC_DIR),
        value_env("APM_GRACE_SECONDS", str(seconds(runtime.spec.grace))),
    ]
    if name == "api":
        keys = value_env("APM_API_KEYS_FILE", f"{KEYS_DIR}/{runtime.spec.api_keys.split('/')[1]}")
        return [*common, keys, *_tokens(runtime.spec.tokens)]
    if name == "worker":
        return [*common, *_worker(runtime), *_traces(runtime, environment), *proxy_env(environment)]
    return [*common, value_env("APM_RETENTION_SECONDS", str(seconds(runtime.store.spec.runtime_retention)))]


def _tokens(tokens: Tokens | None) -> list[Object]:
    if tokens is None:
        return []
    return [
        value_env("APM_JWT_JWKS", f"{TOKENS_DIR}/{tokens.jwks.split('/')[1]}"),
        value_env("APM_JWT_ISSUER", tokens.issuer),
        value_env("APM_JWT_AUDIENCE", tokens.audience),
        value_env("APM_JWT_LEEWAY_SECONDS", str(seconds(tokens.leeway))),
        value_env("APM_JWT_ROLES_CLAIM", tokens.roles_claim),
        value_env("APM_JWT_TENANT_CLAIM", tokens.tenant_claim),
    ]


def _traces(runtime: Runtime, environment: Environment) -> list[Object]:
    """Name them as OpenTelemetry does; only workers make spans."""
    found = runtime.spec.traces
    if found is None:
        return []
    return [
        value_env("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint),
        *([secret_env("OTEL_EXPORTER_OTLP_HEADERS", found.headers)] if found.headers else []),
        value_env("OTEL_SERVICE_NAME", runtime.name),
        value_env("OTEL_RESOURCE_ATTRIBUTES", f"deployment.environment.name={environment.name}"),
        *_sampler(found),
    ]


def _sampler(traces: Traces) -> list[Object]:
    if traces.percent == 100:
        return []
    return [
        value_env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        value_env("OTEL_TRACES_SAMPLER_ARG", str(traces.percent / 100)),
    ]


def _worker(runtime: Runtime) -> list[Object]:
    """Only workers call models and tools, so only they hold the keys."""
    secrets = {thing.secret for thing in (*runtime.models(), *runtime.tools()) if thing.secret}
    return [
        value_env("APM_SLOTS", str(runtime.spec.slots)),
        value_env("APM_LEASE_SECONDS", str(seconds(runtime.spec.lease))),
        value_env("APM_FILES", FILES_DIR),
        *(secret_env(secret_variable(reference), reference) for reference in sorted(secrets)),
    ]


# --- volumes ----------------------------------------------------------------------------------------------------------


def _volumes(runtime: Runtime, name: RoleName) -> list[Object]:
    specs = configs.volume("specs", [configs.of_workflow(workflow) for workflow in runtime.workflows])
    common = [specs, scratch_volume("tmp", "256Mi")]
    if name == "api":
        tokens = [secret_volume("jwks", runtime.spec.tokens.jwks)] if runtime.spec.tokens else []
        return [*common, secret_volume("api-keys", runtime.spec.api_keys), *tokens]
    return [*common, scratch_volume("files", "512Mi")] if name == "worker" else common


def _mounts(runtime: Runtime, name: RoleName) -> list[Object]:
    common = [mount("specs", SPEC_DIR), mount("tmp", "/tmp", read_only=False)]  # noqa: S108  (a volume of its own)
    if name == "api":
        tokens = [mount("jwks", TOKENS_DIR)] if runtime.spec.tokens else []
        return [*common, mount("api-keys", KEYS_DIR), *tokens]
    return [*common, mount("files", FILES_DIR, read_only=False)] if name == "worker" else common


ARTIFACT = Artifact("deployments", render)
