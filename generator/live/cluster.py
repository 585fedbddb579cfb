"""A cluster as the commands see it: objects by path, through the `kubernetes` client. Nothing is ever written to it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from generator.problems import Failure

Object = dict[str, Any]
PATIENCE = 15
"""Seconds that an answer may take."""
PAGE = 500
"""Objects in one answer to a list."""


@dataclass
class Cluster:
    """The API server of one cluster."""

    api: Any
    host: str
    _resources: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict[str, dict[str, tuple[str, bool]]])
    date: str = ""
    """Date header of the latest answer."""
    refused: list[str] = field(default_factory=list[str])
    """What this account may not see, as far as it was asked for."""

    def get(self, path: str, **query: str) -> Object | None:
        """Return what stands at a path; None where there is nothing, or nothing that this account may see.

        Raises:
            Failure: the cluster does not answer, or not to this account at all.
        """
        return self.ask("GET", path, query)

    def ask(self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> Object | None:
        """Send one request; reviews are the only ones with a body."""
        from urllib3.exceptions import HTTPError

        serialized = self.api.param_serialize(
            method=method,
            resource_path=path,
            query_params=list((query or {}).items()),
            body=body,
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            auth_settings=["BearerToken"],
        )
        try:
            response = self.api.call_api(*serialized, _request_timeout=PATIENCE)
            data = response.read()
        except HTTPError as error:
            raise self._silent(error) from None
        self.date = response.getheader("Date") or self.date
        return self._judged(response.status, data, path)

    def _silent(self, error: Exception) -> Failure:
        reason = str(getattr(error, "reason", None) or error).partition(": ")[2] or type(error).__name__
        hint = "is it up, and is the address right? `kubectl cluster-info` asks the same"
        if "CERTIFICATE" in str(error) or "certificate" in str(error):
            hint = "the kubeconfig names another authority than the one of the server"
        return Failure(f"the cluster at {self.host} does not answer: {reason[:200]}", hint)

    def _judged(self, status: int, data: bytes, path: str) -> Object | None:
        if status == 401:
            raise Failure(
                f"the cluster at {self.host} does not know this account",
                "log in again; `kubectl auth whoami` says who you are",
            )
        if status == 403:
            self.refused.append(path)
            return None
        if status == 404:
            return None
        found: Any = json.loads(data) if data[:1] == b"{" else {}
        if status >= 300:
            raise Failure(f"the cluster answers {status} to {path}: {str(found.get('message', ''))[:200]}")
        return cast("Object", found)

    # --- objects ------------------------------------------------------------------------------------------------------

    def resources(self, api_version: str) -> Mapping[str, tuple[str, bool]]:
        """Return path name of each kind of a version, and whether it stands in namespaces; nothing if it is unknown."""
        if api_version not in self._resources:
            found = self.get(_root(api_version)) or {}
            self._resources[api_version] = {
                item["kind"]: (item["name"], item["namespaced"])
                for item in found.get("resources", [])
                if "/" not in item["name"]
            }
        return self._resources[api_version]

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str | None:
        """Return the path of an object or a list; None where the cluster does not know the kind."""
        known = self.resources(api_version).get(kind)
        if known is None:
            return None
        scope = f"/namespaces/{namespace}" if known[1] and namespace else ""
        return f"{_root(api_version)}{scope}/{known[0]}" + (f"/{name}" if name else "")

    def hides(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> bool:
        """Return whether this account was refused an object or a list that was asked for."""
        return self.path(api_version, kind, namespace, name) in self.refused

    def find(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object; None where there is none."""
        path = self.path(api_version, kind, namespace, name)
        return self.get(path) if path else None

    def list(
        self, api_version: str, kind: str, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> Iterator[Object]:
        """Yield the objects of a kind, by labels."""
        path = self.path(api_version, kind, namespace)
        chosen = ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))
        query = {"limit": str(PAGE), **({"labelSelector": chosen} if chosen else {})}
        while path:
            found = self.get(path, **query) or {}
            yield from ({"apiVersion": api_version, "kind": kind, **item} for item in found.get("items", []))
            following = found.get("metadata", {}).get("continue")
            if not following:
                return
            query["continue"] = following


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def connect(kubeconfig: Path | None, context: str | None) -> Cluster:
    """Return the cluster that a kubeconfig (default: $KUBECONFIG, ~/.kube/config, or the pod's own account) names.

    Raises:
        Failure: the `kubernetes` package is missing, there is no kubeconfig, or no such context.
    """
    try:
        from kubernetes import client, config
        from kubernetes.config.config_exception import ConfigException
    except ImportError:
        raise Failure("asking a cluster needs the Python package `kubernetes`", "pip install 'apm[live]'") from None
    settings: Any = client.Configuration()
    settings.retries = 0
    try:
        _load(config, settings, kubeconfig, context)
    except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        shown = kubeconfig or "$KUBECONFIG and ~/.kube/config"
        raise Failure(
            f"no cluster is known from {shown}: {_first(error)}",
            "name one with --kubeconfig FILE, or another context with --context NAME",
        ) from None
    return Cluster(client.ApiClient(settings), settings.host)


def _load(config: Any, settings: Any, kubeconfig: Path | None, context: str | None) -> None:
    import os

    inside = "KUBERNETES_SERVICE_HOST" in os.environ and not kubeconfig and not context
    if inside and not os.environ.get("KUBECONFIG"):
        config.load_incluster_config(client_configuration=settings)
        return
    if kubeconfig and not kubeconfig.is_file():
        raise OSError("there is no such file")
    config.load_kube_config(
        str(kubeconfig) if kubeconfig else None, context, client_configuration=settings, persist_config=False
    )


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
