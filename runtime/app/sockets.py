"""The events of a thread over a WebSocket: a command in each frame that comes, an event in each that goes."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from runtime.app.access import Access
from runtime.app.call import Call, Desk
from runtime.app.protocol import command, subscribed
from runtime.problems import StepError
from runtime.services.store import Scope

REFUSED = 1008
"""Close code for what is against the rules of the server."""


class Sockets:
    """Serves WebSockets; who may what is the same as over HTTP."""

    def __init__(self, access: Access, desk: Desk, scope: Callable[[str], Scope]) -> None:
        self._access = access
        self._desk = desk
        self._scope = scope

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection until one side ends it."""
        try:
            caller = await self._access.caller(socket.headers)
            caller.need("reader")
        except StepError as error:
            await socket.close(REFUSED, str(error)[:120])
            return
        await socket.accept()
        call = Call(socket, caller, self._scope(caller.tenant), self._desk)
        told: set[asyncio.Task[None]] = set()
        try:
            with suppress(WebSocketDisconnect):
                while True:
                    await self._take(call, socket, await socket.receive_text(), told)
        finally:
            for task in told:
                task.cancel()
            await asyncio.gather(*told, return_exceptions=True)

    async def _take(self, call: Call, socket: WebSocket, text: str, told: "set[asyncio.Task[None]]") -> None:
        try:
            sent: Any = json.loads(text)
            if isinstance(sent, dict) and cast("dict[str, Any]", sent).get("method") == "subscription.subscribe":
                events = await subscribed(call, cast("dict[str, Any]", sent).get("params", {}))
                await socket.send_json(
                    {"type": "success", "id": sent["id"], "result": {"subscription_id": len(told) + 1}}
                )
                told.add(asyncio.create_task(_tell(socket, events)))
                return
            call.caller.need("operator")
            await socket.send_json(await command(call, sent))
        except StepError as error:
            await socket.send_json({"type": "error", "error": error.problem.type, "message": str(error)})
        except (ValueError, KeyError):
            await socket.send_json({"type": "error", "error": "invalid-input", "message": "The frame is no command"})


async def _tell(socket: WebSocket, events: Any) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        async for event in events:
            await socket.send_text(json.dumps(event, ensure_ascii=False, default=str))
        await socket.close()
