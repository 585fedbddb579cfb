"""Turn what a model has written into a value that a schema holds, asking again a few times."""

import json
import re
from collections.abc import Mapping
from typing import Any

from runtime import schemas
from runtime.services.models import Reply
from runtime.services.models.base import Message

PARSE_RETRIES = 2
"""How often a model is asked again for an answer that cannot be used; apart from the retries of the step."""
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


def read(reply: Reply, schema: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Return the value of an answer and what is wrong with it; without a schema, the text as it is."""
    if not schema:
        return reply.text, []
    try:
        value = json.loads(_unfenced(reply.text))
    except ValueError as error:
        why = "it was cut off: answer in fewer words" if reply.cut_off else str(error)
        return None, [f"the answer is not JSON: {why}"]
    return value, schemas.findings(schema, value)


def _unfenced(text: str) -> str:
    """Return JSON without the code fence that many models put around it."""
    match = _FENCE.search(text)
    return match[1] if match else text


def again(reply: Reply, wrong: list[str]) -> list[Message]:
    """Return what is added to a conversation to get a better answer."""
    complaint = "Your answer cannot be used. " + "; ".join(wrong) + ". Answer again, with the corrected JSON only."
    return [{"role": "assistant", "content": reply.text}, {"role": "user", "content": complaint}]
