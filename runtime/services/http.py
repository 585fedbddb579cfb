"""HTTP requests of tools and steps."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from runtime.contract import ToolDocument, millis
from runtime.problems import failed
from runtime.telemetry import tracing

_TYPES = {408: "timeout", 429: "rate-limited", 504: "timeout"}
_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
IDLE = 2.0
"""Seconds that an idle connection is kept: less than common servers do, which close theirs after 5."""
TIMEOUT = 30.0
"""Seconds for a request whose step says nothing."""


class HttpCalls:
    """One client for all requests, made when it is first needed."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close connections."""
        if self._client:
            await self._client.aclose()

    async def operation(self, tool: ToolDocument, arguments: Mapping[str, Any], key: str) -> Any:
        """Return the JSON answer of a tool's operation.

        `{name}` in the address takes the argument of that name; the rest travels as JSON body, or as query for GET.
        """
        assert tool.http
        url, rest = _filled(tool.http.url, arguments)
        headers = {**tool.http.headers, **self._authorization(tool)}
        if tool.effect != "read":
            headers["Idempotency-Key"] = key
        seconds = millis(tool.timeout) / 1000
        safe = tool.effect == "read" or tool.idempotent
        method = tool.http.method
        answer = await self.send(method, url, headers, rest, seconds, query=method == "GET", safe=safe)
        return answer["body"]

    def _authorization(self, tool: ToolDocument) -> dict[str, str]:
        if not tool.secret_env:
            return {}
        if not (secret := self._secrets.get(tool.secret_env)):
            raise failed("rejected", "The secret of a tool is not set", f"{tool.name} needs {tool.secret_env}")
        return {"Authorization": f"Bearer {secret}"}

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Any,
        seconds: float = TIMEOUT,
        *,
        query: bool = False,
        safe: bool = False,
    ) -> dict[str, Any]:
        """Return `{status, body}`; what may be sent twice (`safe`, GET, PUT, DELETE) is, when a connection breaks.

        Raises:
            StepError: `timeout`, `rate-limited`, `unavailable` or `rejected`.
        """
        self._client = self._client or httpx.AsyncClient(
            follow_redirects=False, limits=httpx.Limits(keepalive_expiry=IDLE)
        )
        content: dict[str, Any] = {"params": body} if query else {"json": body} if body is not None else {}
        more = {"headers": {**tracing.onward(), **headers}, "timeout": seconds, **content}
        try:
            answer = await self._sent(method, url, more, again=safe or method in _REPEATABLE)
        except httpx.TimeoutException as error:
            raise failed("timeout", "A server did not answer in time", f"{method} {url}: {seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failed("unavailable", "A server cannot be reached", f"{method} {url}: {error}") from error
        if answer.status_code >= 400:
            type_ = _TYPES.get(answer.status_code, "unavailable" if answer.status_code >= 500 else "rejected")
            raise failed(
                type_, "A server refused a request", f"{method} {url}: {answer.status_code} {answer.text[:200]}"
            )
        return {"status": answer.status_code, "body": _body(answer)}

    async def _sent(self, method: str, url: str, more: Mapping[str, Any], *, again: bool) -> httpx.Response:
        """Servers close idle connections, and a request may already be on its way into one."""
        assert self._client
        try:
            return await self._client.request(method, url, **more)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if not again:
                raise
            return await self._client.request(method, url, **more)


def _filled(url: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    rest = dict(arguments)
    for name in list(rest):
        if f"{{{name}}}" in url:
            url = url.replace(f"{{{name}}}", quote(str(rest.pop(name)), safe=""))
    return url, rest


def _body(answer: httpx.Response) -> Any:
    if "json" not in answer.headers.get("content-type", ""):
        return answer.text
    try:
        return answer.json()
    except ValueError as error:
        raise failed("unavailable", "A server's answer is not the JSON it says it is", answer.text[:200]) from error
