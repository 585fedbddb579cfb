#!/usr/bin/env python3
"""Write generator/schemas/crds/*.json: strict schemas of the custom resources that we render.

Source: the CustomResourceDefinitions of the pinned releases, which `build.py crds` puts into the cache.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import kubernetes_schemas
import strict
import yaml
from strict import Schema

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "generator" / "schemas" / "crds"
KINDS = {
    "argoproj.io/v1alpha1": "Application AppProject",
    "cert-manager.io/v1": "Certificate",
    "external-secrets.io/v1": "ExternalSecret",
    "monitoring.coreos.com/v1": "PrometheusRule ServiceMonitor",
    "monitoring.coreos.com/v1alpha1": "AlertmanagerConfig",
}


class _Loader(yaml.SafeLoader):
    """YAML 1.1 gives a lone `=` a type of its own; in a list of matchers it's text."""


_Loader.yaml_implicit_resolvers = {
    first: resolvers for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items() if first != "="
}


def main() -> None:
    documents = kubernetes_schemas.documents_folder()
    metadata = kubernetes_schemas.object_metadata(documents / kubernetes_schemas.MINORS[-1])
    strict.replace_all(TARGET, partial(_write_all, metadata))


def _write_all(metadata: Schema, folder: Path) -> None:
    definitions = _definitions()
    for api_version, kinds in KINDS.items():
        group, _, version = api_version.partition("/")
        for kind in kinds.split():
            schema = strict.strict(_schema(definitions[group, kind], version))
            strict.write(strict.envelope(schema, metadata, api_version, kind), folder, group, version, kind)


def _definitions() -> dict[tuple[str, str], dict[str, Any]]:
    """The specs of all definitions in the cache, by group and kind."""
    subprocess.run([sys.executable, HERE / "build.py", "crds"], check=True)
    programs = subprocess.check_output([sys.executable, HERE / "build.py", "--path"], text=True)
    files = sorted((Path(programs.strip()).parent / "crds").glob("*.yaml"))
    specs = [yaml.load(file.read_bytes(), _Loader)["spec"] for file in files]
    return {(spec["group"], spec["names"]["kind"]): spec for spec in specs}


def _schema(spec: dict[str, Any], version: str) -> Schema:
    return next(entry["schema"]["openAPIV3Schema"] for entry in spec["versions"] if entry["name"] == version)


if __name__ == "__main__":
    main()
