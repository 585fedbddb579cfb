"""From a spec to the cluster as in production: render, commit, push, and let Argo CD do the rest."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from generator.conventions import GROUPS, is_group
from tests.rigs.argocd import MANAGER, ArgoCd
from tests.rigs.cache import REPOSITORY
from tests.rigs.git_repository import GitRepository
from tests.rigs.live import PATIENCE_SECONDS, Live, Object, path_of
from tests.rigs.managed_fields import differences, owned

REPO_URL = "https://git.valeo-neuroerp.example/devops/apm.git"
SYSTEM = "apm"
FIRST_SYNC_SECONDS = 400
"""An environment from nothing, retries included."""


@dataclass(frozen=True)
class Delivery:
    """One repository of specs, the Argo CD that reads it, and the cluster that it writes to."""

    repository: GitRepository
    argo: ArgoCd

    @property
    def live(self) -> Live:
        return self.argo.live

    @property
    def tree(self) -> Path:
        return self.repository.tree

    def groups(self, environment: str) -> list[str]:
        """Return the folders of rendered groups in the order of their waves; the parent's is the last."""
        folders = [f.name for f in (self.tree / "rendered" / environment).iterdir() if is_group(f.name)]
        return sorted(folders, key=lambda folder: (GROUPS.index(folder.partition("-")[0]), folder))

    def manifests(self, environment: str, *groups: str) -> list[Object]:
        """Return what is rendered now, in these groups or in all."""
        folders = [self.tree / "rendered" / environment / group for group in groups or self.groups(environment)]
        texts = [file.read_text() for folder in folders for file in sorted(folder.glob("*.yaml"))]
        return [manifest for text in texts for manifest in yaml.safe_load_all(text) if manifest]

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text, which must be there once, in a spec."""
        text = (self.tree / file).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        (self.tree / file).write_text(text.replace(old, new))

    def render(self) -> None:
        """Run `apm render`."""
        self.apm("render")

    def apm(self, *arguments: str) -> None:
        """Run a command of `apm` in the tree."""
        command = [sys.executable, "-m", "generator", *arguments]
        done = subprocess.run(
            command, cwd=self.tree, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def namespace(self, environment: str) -> str:
        """Return the name of an environment's namespace."""
        (found,) = (m for m in self.manifests(environment, "namespace") if m["kind"] == "Namespace")
        return found["metadata"]["name"]

    def publish(self, message: str) -> str:
        """Render, commit and push."""
        self.render()
        return self.repository.commit(message)

    def bootstrap(self, environment: str, *groups: str) -> None:
        """What HANDOVER.md asks an administrator to do once: apply the group `argocd`, as it is rendered.

        Of the Applications, only those of the named groups if any are named.
        """
        names = {self.name(environment, group) for group in groups or self.groups(environment)}
        for file in sorted((self.tree / "rendered" / environment / "argocd").glob("*.yaml")):
            for text in file.read_text().split("\n---\n")[1:]:
                manifest: Object = yaml.safe_load(text)
                if manifest["kind"] != "Application" or manifest["metadata"]["name"] in names:
                    self.live.apply(text, path_of(manifest))

    def strays(self, environment: str, *groups: str) -> list[str]:
        """Return where live objects aren't what is rendered now, in what Argo CD applied of them."""
        found: list[str] = []
        for manifest in self.manifests(environment, *groups):
            live, name = self.live.find(path_of(manifest)), f"{manifest['kind']} {manifest['metadata']['name']}"
            found += _differences(name, manifest, live) if live else [f"{name} is not there"]
        return found

    def name(self, environment: str, group: str) -> str:
        return f"{SYSTEM}-{environment}-{group}"

    def application(self, environment: str, group: str) -> Object:
        """Return an Application as it is now."""
        return self.live.get(self.argo.application(self.name(environment, group)))

    def until(self, environment: str, group: str, fits: Callable[[Object], bool],
              seconds: float = PATIENCE_SECONDS) -> Object:  # fmt: skip
        """Return an Application as soon as it fits."""
        return self.live.until(self.argo.application(self.name(environment, group)), fits, seconds)

    def abandon(self, environment: str) -> None:
        """Delete an environment's Applications: its parent first, which takes along nothing."""
        found = self.live.get(self.argo.application(""))["items"]
        names = [app["metadata"]["name"] for app in found]
        names = [name for name in names if name.startswith(self.name(environment, ""))]
        for name in sorted(names, key=lambda name: not name.endswith("-argocd")):
            self.live.delete(self.argo.application(name))
        for name in names:
            self.live.until_gone(self.argo.application(name))

    def announce(self, environment: str, *groups: str) -> None:
        """Tell Argo CD of a push, as a webhook would."""
        for group in groups or reversed(self.groups(environment)):  # the parent first: it may create the others
            if self.live.find(self.argo.application(self.name(environment, group))):
                self.argo.refresh(self.name(environment, group))

    def deliver(self, environment: str, commit: str, *changed: str) -> dict[str, Object]:
        """Announce a push and wait until all has it: the changed groups by a sync, the others by comparing."""
        self.announce(environment)
        return self.arrived(environment, commit, changed)

    def arrived(self, environment: str, commit: str, changed: Iterable[str],
                seconds: float = PATIENCE_SECONDS) -> dict[str, Object]:  # fmt: skip
        """Wait until every Application is synced to a commit and healthy; those that changed have synced it."""
        found: dict[str, Object] = {}
        for group in self.groups(environment):
            by = synced_by_operation if group in changed else compared_and_synced
            found[group] = self.until(environment, group, lambda app, by=by: by(app, commit) and healthy(app), seconds)
        return found


def _differences(name: str, manifest: Object, live: Object) -> list[str]:
    ours = owned(live, MANAGER)
    ours["metadata"]["annotations"].pop("argocd.argoproj.io/tracking-id", None)
    if manifest["kind"] == "Deployment" and "replicas" not in manifest["spec"]:
        ours["spec"].pop("replicas", None)  # an autoscaler's; Argo CD applies what it finds there
    return [f"{name}{line}" for line in differences(manifest, ours)]


def synced_by_operation(application: Object, commit: str) -> bool:
    """Whether the last operation succeeded and applied this very commit: `sync.status` alone may speak of another."""
    operation = application.get("status", {}).get("operationState", {})
    applied = operation.get("syncResult", {}).get("revision")
    return operation.get("phase") == "Succeeded" and applied == commit and compared_and_synced(application, commit)


def compared_and_synced(application: Object, commit: str) -> bool:
    """Whether live objects are what this commit says."""
    sync = application.get("status", {}).get("sync", {})
    return sync.get("revision") == commit and sync.get("status") == "Synced"


def healthy(application: Object) -> bool:
    return application.get("status", {}).get("health", {}).get("status") == "Healthy"


def conditions(application: Object) -> dict[str, str]:
    """Return what Argo CD complains of, by type."""
    found: list[Any] = application.get("status", {}).get("conditions", [])
    return {condition["type"]: condition["message"] for condition in found}


def grace_seconds(deployment: Object) -> int:
    """Return how long pods have to end: a field that follows `grace` of the Runtime, second for second."""
    return deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]


def failures(application: Object) -> list[str]:
    """Return why the last operation failed: its own message, and what it says about single objects."""
    operation = application.get("status", {}).get("operationState", {})
    results = operation.get("syncResult", {}).get("resources", [])
    single = [r["message"] for r in results if r.get("status") not in ("Synced", "Pruned")]
    return [operation.get("message", ""), *single]
