"""Commands and events of a thread, for clients that follow it as a whole."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from sse_starlette.sse import EventSourceResponse
from starlette.responses import JSONResponse, Response

from runtime.app.call import Call, Handler
from runtime.app.protocol import command, subscribed


async def _command(call: Call) -> Response:
    return JSONResponse(await command(call, await call.json()))


async def _events(call: Call) -> Response:
    return EventSourceResponse(_told(await subscribed(call, await call.json())), ping=15)


async def _told(events: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[Mapping[str, Any]]:
    async for event in events:
        data = json.dumps(event, ensure_ascii=False, default=str)
        yield {"id": event["event_id"], "event": event["method"], "data": data}


HANDLERS: Mapping[str, Handler] = {"threadCommand": _command, "threadEvents": _events}
