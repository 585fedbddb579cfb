"""The reference system and small ones, built once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.model import Resource
from generator.pipeline import Built, build_all, resources

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "tests" / "golden"


@pytest.fixture(scope="session")
def reference() -> Built:
    """What specs/ of this repository come to."""
    return build_all(REPOSITORY)


@pytest.fixture(scope="session")
def golden() -> Callable[[str], list[dict[str, Any]]]:
    """Return all objects, of every artifact, of a golden case such as `backups/claim`."""

    def objects(case: str) -> list[dict[str, Any]]:
        return objects_of(build_all(GOLDEN / case), "live")

    return objects


def objects_of(built: Built, environment: str) -> list[dict[str, Any]]:
    """Return the Kubernetes objects of an environment as they are written."""
    return [item.manifest for item in resources(built.environments[environment].project) if isinstance(item, Resource)]


def deployed(built: Built) -> list[str]:
    """Return the names of the environments that anything is rendered for."""
    return [name for name, one in built.environments.items() if one.files]
