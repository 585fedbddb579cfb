"""Server-side apply, as `kubectl apply --server-side --validate=strict` does it, without a process for each object."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_kind import KindCluster

MANAGER = "apm"


@dataclass(frozen=True)
class Reply:
    """What the API server said: an object, or a refusal."""

    code: int
    body: Mapping[str, Any]
    warnings: tuple[str, ...]

    @property
    def refusal(self) -> str:
        return "" if self.code < 300 else f"{self.code}: {self.body.get('message', self.body)}"


@dataclass(frozen=True)
class ApiServer:
    """The API server of a cluster, used with the rights and certificates of the cluster's kubeconfig."""

    cluster: KindCluster

    def apply(self, manifest: Mapping[str, Any], text: str = "", *, dry_run: bool = False) -> Reply:
        """Apply a manifest; `text` is its YAML, so that the server's own parser reads it."""
        options = {"fieldManager": MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        data = (text or json.dumps(manifest)).encode()
        headers = {"Content-Type": "application/apply-patch+yaml"}
        return self._ask("PATCH", self._path(manifest), params=options, data=data, headers=headers)

    def read(self, manifest: Mapping[str, Any]) -> Reply:
        return self._ask("GET", self._path(manifest))

    def look_again(self) -> None:
        """Forget which kinds there are: one was defined."""
        self._resources.cache_clear()

    def _path(self, manifest: Mapping[str, Any]) -> str:
        api_version, metadata = manifest["apiVersion"], manifest["metadata"]
        plural, namespaced = self._resources(api_version)[manifest["kind"]]
        scope = f"/namespaces/{metadata['namespace']}" if namespaced else ""
        return f"{_root(api_version)}{scope}/{plural}/{metadata['name']}"

    @functools.cache  # noqa: B019 - lives as long as the test run's one cluster
    def _resources(self, api_version: str) -> dict[str, tuple[str, bool]]:
        """Path name of each kind, and whether it belongs to a namespace."""
        found = self._ask("GET", _root(api_version)).body.get("resources", [])
        return {item["kind"]: (item["name"], item["namespaced"]) for item in found if "/" not in item["name"]}

    def _ask(self, method: str, path: str, **options: Any) -> Reply:
        api: Any = self.cluster.api
        response = api.session.request(method, api.url + path, timeout=30, **options)
        warnings = response.headers.get("Warning")
        return Reply(response.status_code, response.json(), (warnings,) if warnings else ())


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
