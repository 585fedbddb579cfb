"""What an agent says about its team, as JSON Schemas."""

from collections.abc import Sequence
from typing import Any


def choice(members: Sequence[str]) -> dict[str, Any]:
    """Return the schema of what a `router` says: who does the task."""
    return _object({"agent": {"enum": list(members)}})


def plan(members: Sequence[str], most: int) -> dict[str, Any]:
    """Return the schema of what a `plan_execute` says first: tasks in order, so many at most."""
    entry = _object({"agent": {"enum": list(members)}, "task": {"type": "string"}})
    tasks = {"type": "array", "items": entry, "minItems": 1, "maxItems": most}
    return {"type": "object", "properties": {"tasks": tasks}, "required": ["tasks"]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
