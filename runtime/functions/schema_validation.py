"""Hold a value to a JSON Schema."""

from collections.abc import Mapping
from typing import Any

from runtime import schemas
from runtime.contract import Context, Function


async def run(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return whether the schema holds the value, and what is wrong with it."""
    del context
    found = schemas.findings(arguments["schema"], arguments["value"])
    return {"valid": not found, "findings": found}


FUNCTION = Function(
    "schema-validation",
    "Check a value against a JSON Schema.",
    run,
    input={
        "type": "object",
        "properties": {
            "value": {"description": "The value."},
            "schema": {"type": "object", "description": "JSON Schema."},
        },
        "required": ["value", "schema"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "required": ["valid", "findings"],
        "properties": {"valid": {"type": "boolean"}, "findings": {"type": "array"}},
    },
)
