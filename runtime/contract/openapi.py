"""OpenAPI 3.1 of the HTTP API, made from the table of routes."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from runtime.contract.api import ROUTES, StartBody
from runtime.contract.bodies import PROBLEM, Answer, ProblemBody, Refusal, Route
from runtime.contract.kept_api import ItemShown
from runtime.contract.threads_api import RunAsked

_REF = "#/components/schemas/{model}"
_USED: tuple[type[BaseModel], ...] = (ProblemBody, StartBody, RunAsked, ItemShown)
"""Models that schemas name which are written by hand."""
COMMON: tuple[Refusal, ...] = (
    (401, "unauthorized", "no valid key or token"),
    (403, "forbidden", "the caller has no role that may do this"),
    (503, "unavailable", "the state store does not answer"),
)
"""Refusals that every guarded route has."""
BODIES: tuple[Refusal, ...] = (
    (400, "invalid-input", "the body is not JSON"),
    (413, "payload-too-large", "the body is larger than 16 MiB"),
    (415, "unsupported-media-type", "the body has another content type"),
)
"""Refusals that every route with a body has."""


def openapi() -> dict[str, Any]:
    """Return the description as plain values."""
    names, schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, names)
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "apm runtime", "version": "1", "description": "Start, follow, answer and cancel runs."},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": schemes},
    }


def models(route: Route) -> tuple[type[BaseModel], ...]:
    """Return the models of a route's bodies."""
    asked = (route.body,) if isinstance(route.body, type) else ()
    told = (model for answer in route.answers for model in (answer.body, answer.items) if model)
    return (*asked, *(model for _, model in route.more_bodies), *told)


def refusals(route: Route) -> tuple[Refusal, ...]:
    """Return every problem that a route answers with."""
    own = route.refusals if any(one[0] == 400 for one in route.refusals) else (*route.refusals, *BODIES[:1])
    found = (*own, *BODIES[1:]) if route.body is not None else route.refusals
    return (*found, *COMMON) if route.role else found


def _schemas() -> tuple[dict[type[BaseModel], dict[str, Any]], dict[str, Any]]:
    used = dict.fromkeys([*_USED, *(model for route in ROUTES for model in models(route))])
    found, whole = models_json_schema([(model, "validation") for model in used], ref_template=_REF)
    return {model: dict(found[model, "validation"]) for model in used}, whole["$defs"]


def _operation(route: Route, names: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": route.name, "summary": route.summary}
    if route.text:
        found["description"] = route.text
    if parameters := _parameters(route):
        found["parameters"] = parameters
    if route.body is not None:
        own = names[route.body] if isinstance(route.body, type) else route.body
        content = {"application/json": {"schema": own}}
        content |= {media: {"schema": names[model]} for media, model in route.more_bodies}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = {str(one.status): _response(one, names) for one in route.answers} | _refusals(route, names)
    if route.role:
        found["security"] = [{"bearer": []}, {"key": []}]
        found["x-role"] = route.role
    return found


def _parameters(route: Route) -> list[dict[str, Any]]:
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    return inside + [
        {"name": one.name, "in": one.place, "description": one.meaning, "schema": {"type": one.type, **one.schema}}
        | ({"required": True} if one.required else {})
        for one in route.parameters
    ]


def _response(answer: Answer, names: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    schema = names[answer.body] if answer.body else answer.schema
    if answer.items:
        schema = {"type": "array", "items": names[answer.items]}
    content = {"content": {answer.media: {"schema": schema}}} if answer.media else {}
    return {"description": answer.meaning, **content}


def _refusals(route: Route, names: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    content = {PROBLEM: {"schema": names[ProblemBody]}}
    told: dict[str, list[str]] = {}
    for status, type_, meaning in refusals(route):
        told.setdefault(str(status), []).append(f"{type_}: {meaning}")
    return {status: {"description": "; or ".join(lines), "content": content} for status, lines in told.items()}
