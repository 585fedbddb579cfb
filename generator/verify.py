"""resources -> problems: what the cluster would refuse, found before the merge and reported at the spec."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from generator.model import Catalogue, Resource
from generator.problems import Place, Problem, path_text
from generator.render import Rendered, as_object

SCHEMAS = Path(__file__).parent / "schemas"


def verify(rendered: Iterable[Rendered], catalogue: Catalogue, version: str) -> list[Problem]:
    """Return where rendered objects do not meet the schemas of a Kubernetes version (and of our CRDs)."""
    problems: list[Problem] = []
    seen: dict[tuple[str, str, str], Resource] = {}
    for item in rendered:
        if not isinstance(item, Resource):
            continue
        key = (f"{item.api_version}/{item.kind}", item.namespace or "", item.name)
        if key in seen:
            problems.append(_problem(item, catalogue, "duplicate-object",
                            f"{item.kind} {item.name} is rendered from {seen[key].source.file} too", "rename one of the two specs"))  # fmt: skip
        seen[key] = item
        problems += _schema_problems(item, catalogue, version)
    return problems


def _schema_problems(item: Resource, catalogue: Catalogue, version: str) -> Iterable[Problem]:
    validator = validator_for(item.api_version, item.kind, version)
    if validator is None:
        yield _problem(item, catalogue, "no-schema", f"{item.api_version} {item.kind} is not known to Kubernetes {version}",
                       "it was removed, or its CRD is not among generator/schemas/")  # fmt: skip
        return
    value = as_object(item)
    if validator.is_valid(value):
        return
    for error in validator.iter_errors(value):
        where = path_text([p for p in error.instance_path])
        yield _problem(item, catalogue, "object-schema",
                       f"the rendered {item.kind} {item.name} is refused at {where or 'its top'}: {_short(error.message)}")  # fmt: skip


def _short(message: str) -> str:
    return message if len(message) < 200 else message[:80] + " … " + message[-100:]


def _problem(item: Resource, catalogue: Catalogue, code: str, message: str, hint: str = "") -> Problem:
    spec = catalogue.find(item.source.kind, item.source.name)
    return spec.problem(("spec",), code, message, hint, key=True) if spec else Problem(Place(item.source.file), code, message, hint)


@lru_cache(maxsize=256)
def validator_for(api_version: str, kind: str, version: str) -> Any | None:
    """Return the compiled schema of an object, or None where there is none."""
    group, _, api = api_version.rpartition("/")
    name = f"{group or 'core'}-{api}-{kind}".lower() + ".json"
    for folder in (SCHEMAS / "kubernetes" / version, SCHEMAS / "crds"):
        path = folder / name
        if path.exists():
            return jsonschema_rs.validator_for(json.loads(path.read_text()))
    return None


def schema_index() -> Mapping[str, list[str]]:
    """Return which schemas there are, by folder."""
    return {str(f.relative_to(SCHEMAS)): sorted(p.name for p in f.glob("*.json")) for f in SCHEMAS.glob("*/*") if f.is_dir()}
