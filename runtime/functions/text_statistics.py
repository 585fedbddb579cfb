"""Measure a text."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from runtime.contract import Context, Function

_WORD = re.compile(r"\w+", re.UNICODE)
_SENTENCE = re.compile(r"[.!?]+(?:\s|$)")


async def run(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return counts and the most frequent longer words."""
    del context
    text = arguments["text"]
    words = [word.lower() for word in _WORD.findall(text)]
    frequent = Counter(word for word in words if len(word) > 3).most_common(5)
    return {
        "characters": len(text),
        "words": len(words),
        "sentences": max(len(_SENTENCE.findall(text)), 1 if words else 0),
        "frequent": [word for word, _ in frequent],
    }


FUNCTION = Function(
    "text-statistics",
    "Count characters, words and sentences of a text.",
    run,
    input={
        "type": "object",
        "properties": {"text": {"type": "string", "description": "The text."}},
        "required": ["text"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "required": ["characters", "words", "sentences", "frequent"],
        "properties": {
            "characters": {"type": "integer"},
            "words": {"type": "integer"},
            "sentences": {"type": "integer"},
            "frequent": {"type": "array", "items": {"type": "string"}},
        },
    },
)
