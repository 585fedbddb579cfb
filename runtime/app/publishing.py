"""`POST /channels/{name}/events`: the way in for events from outside, Alertmanager's notifications among them."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runtime.app.bodies import read_json, told
from runtime.contract import WorkflowDocument
from runtime.contract.api import CLOUD_EVENT, CloudEvent, EventBody
from runtime.services.clock import Clock
from runtime.services.store import Store
from runtime.telemetry import Telemetry
from runtime.worker.publishing import named, publish, refused


class Publishing:
    """Takes events for the channels of the documents."""

    def __init__(
        self, store: Store, clock: Clock, telemetry: Telemetry, documents: Mapping[str, WorkflowDocument]
    ) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._documents = documents

    async def handle(self, request: Request) -> Response:
        """Take one event; raises `StepError` when it is refused."""
        channel = named(self._documents, request.path_params["name"])
        payload, key, source = _event(request, await read_json(request))
        key = request.headers.get("idempotency-key", "") or key
        taken = await publish(
            self._store, self._clock, self._telemetry, channel, payload, key=key, source=source or "api"
        )
        body = EventBody(id=taken.id, channel=channel.name, duplicate=not taken.fresh)
        return JSONResponse(body.model_dump(by_alias=True), 202)


def _event(request: Request, body: Any) -> tuple[Any, str, str]:
    """Return payload, key and source."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CLOUD_EVENT:
        return body, "", ""
    try:
        event = CloudEvent.model_validate(body)
    except ValidationError as error:
        raise refused("This is not a CloudEvent", told(error)) from error
    return event.data, f"{event.source}#{event.id}", event.source
