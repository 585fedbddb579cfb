"""What `apm doctor` looks at, and what it says."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from generator.cluster.k8s import here
from generator.kinds.environment import EnvironmentSpec
from generator.live.cluster import Cluster
from generator.model import Project

State = Literal["ok", "problem", "unknown"]


@dataclass(frozen=True)
class Answer:
    """One thing that was looked at. `unknown`: this account may not see it; that is no all-clear."""

    state: State
    about: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Patient:
    """A cluster, and what is to run in it."""

    cluster: Cluster
    project: Project
    rendered: tuple[Mapping[str, Any], ...]
    """Objects that are rendered for the environment."""

    @property
    def environment(self) -> EnvironmentSpec:
        """The environment's spec."""
        return here(self.project).spec

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the rendered objects of a kind."""
        return [item for item in self.rendered if item["kind"] == kind]


@dataclass(frozen=True)
class Examination:
    """One question to a cluster. The docstring of its module says what it asks."""

    name: str
    run: Callable[[Patient], Iterable[Answer]]


_WITH_PODS = ("Deployment", "Job", "CronJob")


def images(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the image of each container of an object's pods, by the container's name."""
    spec: dict[str, Any] = item.get("spec", {})
    if item["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: dict[str, Any] = spec["template"]["spec"] if item["kind"] in _WITH_PODS else {}
    return {c["name"]: c["image"] for key in ("initContainers", "containers") for c in pod.get(key, [])}


def ok(about: str, message: str) -> Answer:
    """Return that all is well."""
    return Answer("ok", about, message)


def wrong(about: str, message: str, hint: str = "") -> Answer:
    """Return that something is wrong."""
    return Answer("problem", about, message, hint)


def unknown(about: str, what: str) -> Answer:
    """Return that this account may not look."""
    return Answer("unknown", about, f"this account may not see {what}", "`kubectl auth can-i` says what it may")
