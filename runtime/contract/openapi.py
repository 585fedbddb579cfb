"""OpenAPI 3.1 of the HTTP API, made from the table of routes."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from runtime.contract.api import PROBLEM, ROUTES, Answer, ProblemBody, Route

_REF = "#/components/schemas/{model}"
COMMON = ((401, "unauthorized", "no valid key"), (503, "unavailable", "the state store does not answer"))
"""Refusals that every guarded route has."""


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
    told = (answer.body for answer in route.answers if answer.body)
    return (*asked, *(model for _, model in route.more_bodies), *told)


def refusals(route: Route) -> tuple[tuple[int, str, str], ...]:
    """Return status, type and meaning of every problem that a route answers with."""
    return (*route.refusals, *COMMON) if route.guarded else route.refusals


def _schemas() -> tuple[dict[type[BaseModel], dict[str, Any]], dict[str, Any]]:
    used = dict.fromkeys([ProblemBody, *(model for route in ROUTES for model in models(route))])
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
    if route.guarded:
        found["security"] = [{"bearer": []}, {"key": []}]
    return found


def _parameters(route: Route) -> list[dict[str, Any]]:
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    return inside + [
        {"name": one.name, "in": one.place, "description": one.meaning, "schema": {"type": one.type}}
        for one in route.parameters
    ]


def _response(answer: Answer, names: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    schema = names[answer.body] if answer.body else answer.schema
    return {"description": answer.meaning, "content": {answer.media: {"schema": schema}}}


def _refusals(route: Route, names: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    content = {PROBLEM: {"schema": names[ProblemBody]}}
    return {
        str(status): {"description": f"{type_}: {meaning}", "content": content}
        for status, type_, meaning in refusals(route)
    }
