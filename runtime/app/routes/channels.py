"""`POST /channels/{name}/events`: the way in for events from outside, Alertmanager's notifications among them."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from runtime.app.call import Call, Handler, read_json, told
from runtime.contract.api import CloudEvent, EventBody
from runtime.contract.bodies import CLOUD_EVENT, TENANT
from runtime.worker.publishing import named, publish, refused


async def _publish(call: Call) -> Response:
    channel = named(call.desk.documents, call.path("name"))
    payload, key, source = _event(call, await read_json(call.request, CLOUD_EVENT))
    key = call.header("idempotency-key") or key
    if key and call.scope.tenant != TENANT:
        key = f"{call.scope.tenant}:{key}"
    desk = call.desk
    taken = await publish(
        call.scope.events, desk.clock, desk.telemetry, channel, payload, key=key, source=source or "api"
    )
    body = EventBody(id=taken.id, channel=channel.name, duplicate=not taken.fresh)
    return JSONResponse(body.model_dump(), 202)


def _event(call: Call, body: Any) -> tuple[Any, str, str]:
    """Return payload, key and source."""
    if call.header("content-type").partition(";")[0].strip().lower() != CLOUD_EVENT:
        return body, "", ""
    try:
        event = CloudEvent.model_validate(body)
    except ValidationError as error:
        raise refused("This is not a CloudEvent", told(error)) from error
    return event.data, f"{event.source}#{event.id}", event.source


HANDLERS: Mapping[str, Handler] = {"publishEvent": _publish}
