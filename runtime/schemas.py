"""Hold values to JSON Schemas (draft 2020-12), compiled once."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MESSAGES = 5
"""Findings that are worth telling; a wrong value can have hundreds."""


@lru_cache(maxsize=512)
def _validator(schema: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(json.loads(schema))


def findings(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Return what is wrong with a value, as `place: message`, or `message` where it is the value as a whole.

    There is nothing when the schema holds it or is empty.
    """
    if not schema:
        return []
    errors = list(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value))[:MESSAGES]
    return [": ".join(filter(None, ("/".join(map(str, e.instance_path)), e.message))) for e in errors]
