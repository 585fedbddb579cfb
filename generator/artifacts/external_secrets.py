"""ExternalSecrets for every referenced secret, where the environment takes them from a store."""

from collections.abc import Iterator

from generator.cluster.k8s import Object, here
from generator.cluster.secret_uses import DOCKER, secret_uses
from generator.kinds.environment import EnvironmentSpec
from generator.model import Artifact, Project, Resource


def render(project: Project) -> Iterator[Resource]:
    """Yield one ExternalSecret for each secret; nothing where secrets are made by others.

    They are of the first group, so that Argo CD holds everything else back until the secrets are there.
    """
    environment = here(project)
    if environment.spec.secrets != "external-secrets":
        return
    keys: dict[str, set[str]] = {}
    for use in secret_uses(project):
        keys.setdefault(use.name, set()).add(use.key)
    for name in sorted(keys):
        body: Object = {"spec": _spec(name, sorted(keys[name]), environment.spec)}
        yield Resource("external-secrets.io/v1", "ExternalSecret", name, "namespace", environment.source, body)


def _spec(name: str, keys: list[str], environment: EnvironmentSpec) -> Object:
    target: Object = {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    if DOCKER in keys:
        target["template"] = {"type": "kubernetes.io/dockerconfigjson", "engineVersion": "v2", "mergePolicy": "Replace"}
    return {
        "refreshPolicy": "Periodic",
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": environment.secret_store},
        "target": target,
        "data": [{"secretKey": key, "remoteRef": _remote(name, key, environment)} for key in keys],
    }


def _remote(name: str, key: str, environment: EnvironmentSpec) -> Object:
    return {
        "key": f"{environment.secret_path or environment.namespace}/{name}",
        "property": key,
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }


ARTIFACT = Artifact("external_secrets", render)
