#!/usr/bin/env python3
"""Write generator/schemas/kubernetes/<minor>/*.json: strict schemas of the built-in kinds that we render.

Source: the OpenAPI v3 documents in Kubernetes' own module, which `build.py openapi` puts into the cache.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, cast

import strict
from strict import Schema

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "generator" / "schemas" / "kubernetes"
MINORS = ("1.32", "1.36")
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
KINDS = {
    "v1": "Namespace ResourceQuota LimitRange ServiceAccount ConfigMap Secret Service PersistentVolumeClaim",
    "apps/v1": "Deployment StatefulSet",
    "batch/v1": "Job CronJob",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "policy/v1": "PodDisruptionBudget",
    "networking.k8s.io/v1": "NetworkPolicy",
    "rbac.authorization.k8s.io/v1": "Role RoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "admissionregistration.k8s.io/v1": "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
}


def main() -> None:
    documents = documents_folder()
    for minor in MINORS:
        strict.replace_all(TARGET / minor, partial(_write_minor, documents / minor))


def documents_folder() -> Path:
    """The OpenAPI documents in the cache, brought there if need be."""
    subprocess.run([sys.executable, HERE / "build.py", "openapi"], check=True)
    programs = subprocess.check_output([sys.executable, HERE / "build.py", "--path"], text=True)
    return Path(programs.strip()).parent / "openapi"


def object_metadata(documents: Path) -> Schema:
    """What may stand in any object's `metadata`."""
    components = _components(documents, "v1")
    return strict.strict(_resolved(components[METADATA], components))


def _write_minor(documents: Path, folder: Path) -> None:
    metadata = object_metadata(documents)
    for api_version, kinds in KINDS.items():
        components = _components(documents, api_version)
        group, _, version = api_version.rpartition("/")
        for kind in kinds.split():
            schema = strict.strict(_resolved(_of_kind(components, group, version, kind), components))
            strict.write(strict.envelope(schema, metadata, api_version, kind), folder, group, version, kind)


def _components(documents: Path, api_version: str) -> dict[str, Schema]:
    path = f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
    document = json.loads((documents / f"{path.replace('/', '__')}_openapi.json").read_text())
    return document["components"]["schemas"]


def _of_kind(components: dict[str, Schema], group: str, version: str, kind: str) -> Schema:
    wanted = {"group": group, "kind": kind, "version": version}
    return next(schema for schema in components.values() if wanted in schema.get("x-kubernetes-group-version-kind", []))


def _resolved(value: Any, components: dict[str, Schema]) -> Any:
    """A copy with every reference replaced by what it refers to."""
    if isinstance(value, list):
        return [_resolved(item, components) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    schema = dict(cast("Schema", value))
    if "$ref" in schema:
        return _resolved(components[schema["$ref"].rpartition("/")[2]], components)
    result: Schema = {}
    for whole in schema.pop("allOf", []):  # never more than one: the only way to put a default beside a reference
        result |= _resolved(whole, components)
    return result | {key: _resolved(item, components) for key, item in schema.items()}


if __name__ == "__main__":
    main()
