"""The page of the HTTP API, made from the same table as its OpenAPI description."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from runtime.contract.api import ROUTES
from runtime.contract.bodies import Route
from runtime.contract.openapi import models, openapi, refusals

_HEAD = """# The HTTP API of the runtime

The roles `api` and `all` of `apm serve` answer here; `GET /openapi.json` gives the same as OpenAPI 3.1.

Who may: `Authorization: Bearer KEY` or `X-API-Key: KEY`, with a key or token whose roles include the one that stands at
the route; [Use the HTTP API](../http-api.md) says how they are given out. Without keys and tokens the API asks for
none, and listens on this machine only. Probes and metrics need no key.

Refusals are `application/problem+json` (RFC 9457): `type` is the word in the tables below, `title` one sentence,
`detail` what exactly is wrong. Bodies are JSON.

In the examples: `API=http://127.0.0.1:8080 KEY=...`.
"""
_RECEIVER = """
For Alertmanager (`alertmanager.yaml`), whose notification is the payload as it is:

```yaml
receivers:
  - name: apm
    webhook_configs:
      - url: http://HOST:8080/channels/alerts-in/events
        http_config:
          authorization: {type: Bearer, credentials_file: /etc/alertmanager/secrets/apm-api-keys/key}
```

A notification that says the same of the same alerts is the same event: it is taken once, though it is sent again for as
long as an alert fires, and by each of several Alertmanagers.
"""


def page() -> str:
    """Return the page."""
    described = openapi()
    parts = [_HEAD, *(_route(route) for route in ROUTES), "\n## Bodies\n"]
    used = dict.fromkeys(model.__name__ for route in ROUTES for model in models(route))
    schemas = described["components"]["schemas"]
    parts += [_model(name, schemas[name]) for name in dict.fromkeys([*used, *schemas])]
    return "".join(parts)


def _route(route: Route) -> str:
    lines = [f"\n## {route.method} {route.path}\n", f"{route.summary}.", *([route.text] if route.text else []), ""]
    lines += [f"Role: `{route.role}`.", ""] if route.role else ["Open to everybody.", ""]
    lines += _rows("value in | name | meaning", ((one.place, f"`{one.name}`", one.meaning) for one in route.parameters))
    if route.body is not None:
        own = f"[{route.body.__name__}](#{route.body.__name__.lower()})" if isinstance(route.body, type) else "any JSON"
        more = (f" or, as `{media}`, [{body.__name__}](#{body.__name__.lower()})" for media, body in route.more_bodies)
        lines += [f"Body: {own}{''.join(more)}.", ""]
    lines += _rows("status | body | meaning", _answers(route))
    keys = """-H "Authorization: Bearer $KEY" """ if route.role else ""
    made = "" if route.method == "GET" else f"-X {route.method}" + (" -d @body.json" if route.body else "")
    asked = f"{route.example or made} " if route.example or made else ""
    asked = asked.replace("-d ", "-H 'Content-Type: application/json' -d ")  # curl would say that it sends a form
    path = re.sub(r"{(\w+)}", lambda part: f"${part[1].upper()}", route.path.replace("{name}", "alerts-in"))
    lines += [
        "```sh",
        f'curl {keys}{asked}"$API{path}"',
        "```",
    ]
    return "\n".join(lines) + "\n" + (_RECEIVER if route.name == "publishEvent" else "")


def _answers(route: Route) -> Iterator[tuple[str, str, str]]:
    for one in route.answers:
        body = f"[{one.body.__name__}](#{one.body.__name__.lower()})" if one.body else f"`{one.media}`"
        yield str(one.status), body, one.meaning
    yield from ((str(status), f"`{type_}`", meaning) for status, type_, meaning in refusals(route))


def _rows(head: str, rows: Iterator[tuple[str, str, str]]) -> list[str]:
    written = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {head} |", "|---|---|---|", *written, ""] if written else []


def _model(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    lines = [f"\n### {name}\n", schema.get("description", ""), "", "| field | type | meaning |", "|---|---|---|"]
    for field, about in cast("dict[str, dict[str, Any]]", schema.get("properties", {})).items():
        need = "**required**" if field in required else _default(about)
        meaning = " ".join(part for part in (about.get("description", ""), f"({need})" if need else "") if part)
        lines.append(f"| `{field}` | {_type(about)} | {meaning.replace(chr(10), ' ')} |")
    return "\n".join(lines) + "\n"


def _default(about: Mapping[str, Any]) -> str:
    return f"default `{json.dumps(about['default'])}`" if about.get("default") not in (None, "") else ""


def _type(about: Mapping[str, Any]) -> str:
    if "enum" in about:
        return " or ".join(f"`{one}`" for one in about["enum"])
    if "$ref" in about:
        name = str(about["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in about:
        return " or ".join(_type(one) for one in about["anyOf"])
    if about.get("type") == "array":
        return f"list of {_type(about['items'])}"
    return str(about.get("type", "any"))
