"""What is rendered for an environment, object by object, in the order in which Argo CD's groups are applied."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.rigs.cache import REPOSITORY

ROOT = Path(os.environ.get("APM_RENDERED") or REPOSITORY / "rendered")
ENVIRONMENTS = ("staging", "production")
GROUPS = ("namespace", "policy", "state", "runtime", "monitoring", "backup", "argocd")
DOCUMENTS = "docs"  # for people and for tools; never applied
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Item:
    """One rendered object, and where it stands."""

    environment: str
    file: Path
    text: str
    manifest: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.manifest["kind"]

    @property
    def namespace(self) -> str | None:
        return self.manifest["metadata"].get("namespace")

    def __str__(self) -> str:
        file = self.file.relative_to(ROOT).with_suffix("")
        return f"{file}:{self.kind}/{self.manifest['metadata']['name']}"


def items(environment: str) -> list[Item]:
    """All objects of an environment that are applied to a cluster."""
    files = [file for group in GROUPS for file in sorted((ROOT / environment / group).glob("*.yaml"))]
    return [item for file in files for item in _items(environment, file)]


def groups(environment: str) -> set[str]:
    """The folders that the environment really has."""
    return {path.name for path in (ROOT / environment).glob("*/")}


def document(environment: str, name: str) -> Path:
    return ROOT / environment / DOCUMENTS / name


def _items(environment: str, file: Path) -> list[Item]:
    texts = re.split(r"^---.*$", file.read_text(), flags=re.MULTILINE)
    parsed = [(text, yaml.load(text, _Loader)) for text in texts]
    return [Item(environment, file, text, manifest) for text, manifest in parsed if manifest]
