"""Objects of a cluster as they are now: read, changed, and waited for by watching them, never by sleeping.

Paths are those of the Kubernetes API, such as `/apis/apps/v1/namespaces/prod/deployments/web`; `path` makes them.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

Object = dict[str, Any]
PATIENCE_SECONDS = 90
"""How long to wait for anything that happens within seconds on an idle machine."""


class GaveUpError(AssertionError):
    """What was waited for did not happen; the text holds what was seen last."""


def path(api_version: str, kind: str, name: str, namespace: str | None = None) -> str:
    """Return the path of an object."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    scope = f"/namespaces/{namespace}" if namespace else ""
    plural = re.sub("ys$", "ies", f"{kind.lower()}s")  # right for every kind that we render
    return f"{root}{scope}/{plural}/{name}"


def path_of(manifest: Mapping[str, Any]) -> str:
    """Return the path of the object that a manifest describes."""
    metadata = manifest["metadata"]
    return path(manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace"))


@dataclass(frozen=True)
class Live:
    """A cluster, by a client that may do everything."""

    client: httpx.Client

    def find(self, where: str) -> Object | None:
        """Return an object, or none if there is none."""
        response = self.client.get(where)
        return None if response.status_code == 404 else _checked(response)

    def get(self, where: str, **query: str) -> Object:
        """Return an object or a list that is there."""
        return _checked(self.client.get(where, params=query))

    def apply(self, text: str, where: str, manager: str = "kubectl") -> Object:
        """Apply a manifest as `kubectl apply --server-side` does."""
        query = {"fieldManager": manager, "force": "true"}
        headers = {"Content-Type": "application/apply-patch+yaml"}
        return _checked(self.client.patch(where, params=query, content=text, headers=headers))

    def patch(self, where: str, change: Object, manager: str = "kubectl-edit", how: str = "merge") -> Object:
        """Change some fields, as `kubectl edit` and `kubectl patch` do; `how` is merge or strategic-merge."""
        headers = {"Content-Type": f"application/{how}-patch+json"}
        query = {"fieldManager": manager}
        return _checked(self.client.patch(where, params=query, content=json.dumps(change), headers=headers))

    def create(self, where: str, manifest: Object) -> Object:
        """Create an object in a list."""
        return _checked(self.client.post(where, json=manifest))

    def delete(self, where: str, *, orphan: bool = False) -> None:
        """Delete an object; `orphan` leaves what it owns, which Kubernetes would delete too."""
        _checked(self.client.delete(where, params={"propagationPolicy": "Orphan"} if orphan else None))

    def until(self, where: str, fits: Callable[[Object], bool], seconds: float = PATIENCE_SECONDS) -> Object:
        """Return an object as soon as it's there and fits."""
        seen: Object = {}
        for event in self.events(where, seconds=seconds):
            if event["type"] != "DELETED" and fits(event["object"]):
                return event["object"]
            seen = event["object"]
        raise GaveUpError(f"{where} after {seconds} s:\n{json.dumps(_brief(seen), indent=1)[:6000]}")

    def until_gone(self, where: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Return as soon as there is no such object."""
        if self.find(where) is not None and not any(
            e["type"] == "DELETED" for e in self.events(where, seconds=seconds)
        ):
            assert self.find(where) is None, f"{where} is still there after {seconds} s"

    def events(self, where: str, since: str | None = None, seconds: float = PATIENCE_SECONDS) -> Iterator[Object]:
        """Yield what happens to an object: first how it is (or what happened since a version), then each change."""
        place, _, name = where.rpartition("/")
        return self.changes(place, since, seconds, fieldSelector=f"metadata.name={name}")

    def changes(self, place: str, since: str | None = None, seconds: float = PATIENCE_SECONDS,
                **query: str) -> Iterator[Object]:  # fmt: skip
        """Yield what happens to the objects of a list, as `events` does for one."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            options = {"watch": "true", "timeoutSeconds": str(int(left) + 1)} | query
            for event in self._watch(place, options | ({"resourceVersion": since} if since else {}), left):
                since = event["object"]["metadata"]["resourceVersion"]
                yield event

    def _watch(self, place: str, query: dict[str, str], seconds: float) -> Iterator[Object]:
        try:
            with self.client.stream("GET", place, params=query, timeout=seconds) as response:
                assert response.is_success, response.read()
                yield from (_sound(json.loads(line)) for line in response.iter_lines() if line)
        except httpx.ReadTimeout:
            return


def _sound(event: Object) -> Object:
    assert event["type"] != "ERROR", event["object"]
    return event


def _checked(response: httpx.Response) -> Object:
    assert response.is_success, f"{response.request.method} {response.request.url}: {response.text}"
    return response.json()


def _brief(found: Object) -> Object:
    """An object without what only fills the screen."""
    metadata = {key: value for key, value in found.get("metadata", {}).items() if key != "managedFields"}
    status = {key: value for key, value in found.get("status", {}).items() if key not in ("resources", "history")}
    return found | {"metadata": metadata, "status": status}
