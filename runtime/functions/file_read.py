"""Read a text file of the folder."""

from collections.abc import Mapping
from typing import Any

from runtime.contract import Context, Function
from runtime.functions._folder import LIMIT, inside
from runtime.problems import failed


async def run(arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return the text of a file."""
    path = inside(context, arguments["path"])
    if not path.is_file():
        raise failed("not-found", "There is no such file", arguments["path"])
    data = path.read_bytes()[: LIMIT + 1]
    if len(data) > LIMIT:
        raise failed("rejected", "The file is too large", f"{arguments['path']} has more than {LIMIT} bytes")
    return {"path": arguments["path"], "text": data.decode(errors="replace"), "bytes": len(data)}


FUNCTION = Function(
    "file-read",
    "Read a text file.",
    run,
    input={
        "type": "object",
        "properties": {"path": {"type": "string", "description": "Path below the folder."}},
        "required": ["path"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "required": ["path", "text", "bytes"],
        "properties": {"path": {"type": "string"}, "text": {"type": "string"}, "bytes": {"type": "integer"}},
    },
)
