"""Keep a text where later steps and later runs find it."""

from collections.abc import Mapping
from typing import Any

from runtime.contract import Context, Function


async def run(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Keep a text under a name; an older one of that name is replaced."""
    await context.services.keep(arguments["collection"], arguments["name"], arguments["text"], context)
    return {"collection": arguments["collection"], "name": arguments["name"]}


FUNCTION = Function(
    "artefact-put",
    "Keep a text in a collection of artefacts.",
    run,
    effect="write",
    input={
        "type": "object",
        "properties": {
            "collection": {"type": "string", "description": "Collection, such as handovers."},
            "name": {"type": "string", "description": "Name in the collection."},
            "text": {"type": "string", "description": "The text."},
        },
        "required": ["collection", "name", "text"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "required": ["collection", "name"],
        "properties": {"collection": {"type": "string"}, "name": {"type": "string"}},
    },
)
