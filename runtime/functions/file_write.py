"""Write a text file of the folder."""

from collections.abc import Mapping
from typing import Any

from runtime.contract import Context, Function
from runtime.functions._folder import LIMIT, inside
from runtime.problems import failed


async def run(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Write a file in one go: it is there whole, or not at all."""
    path, data = inside(context, arguments["path"]), arguments["text"].encode()
    if len(data) > LIMIT:
        raise failed("rejected", "The text is too large", f"{len(data)} bytes, the limit is {LIMIT}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(data)
    draft.replace(path)
    return {"path": arguments["path"], "bytes": len(data)}


FUNCTION = Function(
    "file-write",
    "Write a text file.",
    run,
    effect="write",
    input={
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "Path below the folder."},
            "text": {"type": "string", "description": "What the file holds afterwards."},
        },
        "required": ["path", "text"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "required": ["path", "bytes"],
        "properties": {"path": {"type": "string"}, "bytes": {"type": "integer"}},
    },
)
