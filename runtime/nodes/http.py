"""Send one HTTP request that is not worth a tool of its own."""

from typing import Annotated, Any, Literal

from pydantic import Field

from runtime import expressions
from runtime.contract import Context, Needs, NodeType, Step, Strict, Template


class Http(Strict):
    """One request."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """HTTP method; all but GET are effects and carry an `Idempotency-Key`."""
    url: Annotated[str, Template()]
    """Absolute address, with `${ }` where it varies."""
    headers: Annotated[dict[str, str], Template()] = Field(default_factory=dict)
    """Request headers; never a credential, those belong to a Tool with a secret."""
    body: Annotated[Any, Template()] = None
    """JSON body."""


class HttpStep(Step):
    """Send a request; the output is `{status, body}`.

    An answer of 400 and above fails the step: 408 and 504 as `timeout`, 429 as `rate-limited`, other 5xx as
    `unavailable`, the rest as `rejected`.
    """

    http: Http
    """The request."""


async def run(step: HttpStep, context: Context) -> Any:
    """Return status and body of the answer."""
    request = step.http
    url = expressions.value(request.url, context.scope)
    headers = {name: str(value) for name, value in expressions.mapping(request.headers, context.scope).items()}
    body = expressions.value(request.body, context.scope)
    return await context.services.http(request.method, str(url), headers, body, context)


NODE = NodeType("http", HttpStep, run, Needs(effect=True))
