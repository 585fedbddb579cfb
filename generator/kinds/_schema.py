"""JSON Schemas that specs name or hold."""

import json
from typing import Any

from generator.model import Resolving


def schema_of(written: str | dict[str, Any] | None, context: Resolving) -> dict[str, Any]:
    """Return a JSON Schema that stands in a spec or in a file beside it; empty where there is none."""
    if written is None:
        return {}
    return json.loads(context.text(written)) if isinstance(written, str) else written
