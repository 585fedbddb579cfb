"""Find artefacts by words."""

import re
from collections.abc import Mapping
from typing import Any

from runtime.contract import Context, Function

_WORD = re.compile(r"\w+", re.UNICODE)
EXCERPT = 400


async def run(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return the best artefacts with an excerpt of each."""
    words = tuple(dict.fromkeys(word.lower() for word in _WORD.findall(arguments["query"])))
    found = await context.services.find(arguments["collection"], words, arguments.get("limit", 5))
    hits = [{"name": hit["name"], "score": hit["score"], "text": hit["text"][:EXCERPT]} for hit in found]
    return {"hits": hits}


FUNCTION = Function(
    "search",
    "Find texts in a collection of artefacts by words.",
    run,
    input={
        "type": "object",
        "properties": {
            "collection": {"type": "string", "description": "Collection, such as handovers."},
            "query": {"type": "string", "description": "Words to look for."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50, "description": "Hits at most; 5 by default."},
        },
        "required": ["collection", "query"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "required": ["hits"],
        "properties": {"hits": {"type": "array", "items": {"type": "object"}}},
    },
)
