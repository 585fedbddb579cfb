"""The world outside: a server that remembers every effect that it was asked for, and that nobody kills.

`/keyed` and PUT honour the idempotency key, as a good API does: the same key again changes nothing. `/plain` does what
it is asked as often as it is asked.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Effect = tuple[str, str]
"""Run and operation."""


@dataclass
class Target:
    """Counts effects. A request takes up to 2 x `slowness` seconds, half of them before the effect, half after it."""

    chance: random.Random
    slowness: float = 0.12
    applied: Counter[Effect] = field(default_factory=Counter[Effect])
    """How often each effect has happened."""
    requests: Counter[Effect] = field(default_factory=Counter[Effect])
    keys: set[str] = field(default_factory=set[str])

    def app(self) -> Starlette:
        """Return the server."""
        routes = [Route("/keyed", self._keyed, methods=["POST", "PUT"]), Route("/plain", self._plain, methods=["POST"])]
        return Starlette(routes=routes)

    async def _keyed(self, request: Request) -> Response:
        return await self._do(request, request.headers["idempotency-key"])

    async def _plain(self, request: Request) -> Response:
        return await self._do(request, None)

    async def _do(self, request: Request, key: str | None) -> Response:
        try:
            body: dict[str, Any] = await request.json()
        except ClientDisconnect:  # killed while it was sending: nothing has been asked
            return Response(status_code=400)
        effect = (body["run"], body["op"])
        self.requests[effect] += 1
        await asyncio.sleep(self.chance.random() * self.slowness)
        if key is None or key not in self.keys:
            self.applied[effect] += 1
        self.keys |= {key} if key else set()
        await asyncio.sleep(self.chance.random() * self.slowness)
        return JSONResponse({"done": body["op"]})
