"""A Job for each state store that creates the declared indexes before workloads roll out.

It is named by its content: a changed declaration or image is another Job, and what has run is not run again.
"""

from collections.abc import Iterator

from generator.cluster import configs
from generator.cluster.k8s import (
    Object,
    container,
    content_hash,
    here,
    labels,
    mount,
    pod_template,
    scratch_volume,
    secret_env,
    used_stores,
    value_env,
    workload_name,
)
from generator.emit import canonical
from generator.kinds.runtime import Amount, Resources, Runtime
from generator.kinds.state_store import StateStore
from generator.model import Artifact, Project, Resource

_DEADLINE = 900
"""Seconds for all attempts. The server goes on building a large index, and the next attempt finds it."""
_RESOURCES = Resources(
    requests=Amount(cpu="100m", memory="128Mi"),
    limits=Amount(cpu="500m", memory="256Mi"),
)


def render(project: Project) -> Iterator[Resource]:
    """Yield a ConfigMap with what is declared, and the Job that applies it."""
    for store in used_stores(project):
        config, found = configs.of_store(store), labels(project, store, "indexes")
        yield Resource("v1", "ConfigMap", config.name, "state", store.source, config.body, labels=found)
        spec = _job(project, store, found)
        name = f"{workload_name(store, 'indexes')}-{content_hash(canonical(spec).decode())}"
        yield Resource("batch/v1", "Job", name, "state", store.source, {"spec": spec}, labels=found)


def _job(project: Project, store: StateStore, found: dict[str, str]) -> Object:
    return {
        "parallelism": 1,
        "completions": 1,
        "completionMode": "NonIndexed",
        "backoffLimit": 4,
        "activeDeadlineSeconds": _DEADLINE,
        "suspend": False,
        "template": _template(project, store, found),
    }


def _template(project: Project, store: StateStore, found: dict[str, str]) -> Object:
    config, environment = configs.of_store(store), here(project)
    runtime = next(runtime for runtime in project.all(Runtime) if runtime.store.name == store.name)
    one = container(
        "indexes",
        runtime.spec.image.reference(environment.spec.registry),
        ["indexes", "--store", f"{configs.STORE_DIR}/{config.key}"],
        _RESOURCES,
        env=[secret_env("MONGODB_URI", store.spec.connection.secret), value_env("APM_DATABASE", store.spec.database)],
        mounts=[mount("store", configs.STORE_DIR), mount("tmp", "/tmp", read_only=False)],  # noqa: S108  (its own volume)
    )
    volumes = [configs.volume("store", [config]), scratch_volume("tmp", "64Mi")]
    account = workload_name(store, "indexes")
    return pod_template(found, account, [one], volumes, environment=environment, grace=30, restart="Never")


ARTIFACT = Artifact("index_job", render)
