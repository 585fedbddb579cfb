"""What the API says of itself."""

from collections.abc import Mapping
from importlib import metadata

from starlette.responses import JSONResponse, Response

from runtime.app.call import Call, Handler
from runtime.contract.openapi import openapi


async def _openapi(call: Call) -> Response:
    del call
    return JSONResponse(openapi())


async def _info(call: Call) -> Response:
    del call
    flags = {"assistants": True, "crons": True, "langsmith": False}
    return JSONResponse({"version": metadata.version("apm"), "flags": flags})


HANDLERS: Mapping[str, Handler] = {"openapi": _openapi, "info": _info}
