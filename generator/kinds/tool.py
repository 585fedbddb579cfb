"""A tool that agents and workflow steps may call, with what it does to the world."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from generator.kinds._schema import schema_of
from generator.kinds.environment import Environment
from generator.kinds.model import secret_env
from generator.model import Kind, Resolving, Thing
from runtime.contract import Duration, FileRef, HttpCall, McpCall, Registered, SecretRef, Strict, ToolDocument


class ToolSpec(Strict):
    """One tool; exactly one of `mcp`, `http` and `function` says how it is called."""

    effect: Literal["read", "write", "deploy", "notify"]
    """What a call does: read only, change data, change what runs, or tell people."""
    mcp: McpCall | None = None
    """A tool of an MCP server."""
    http: HttpCall | None = None
    """An HTTP operation."""
    function: Annotated[str | None, Registered("function")] = None
    """A function that the runtime image ships; `apm explain functions` lists them."""
    input: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = None
    """JSON Schema of the arguments: a file beside the spec, or written here."""
    output: Annotated[str | dict[str, Any] | None, FileRef("json-schema")] = None
    """JSON Schema of the result: a file beside the spec, or written here."""
    idempotent: bool = False
    """The target does a call once for one idempotency key; then it may be retried."""
    timeout: Duration = "30s"
    """Time for one call."""
    secret: SecretRef | None = None
    """Credential that is sent with `mcp.url` and `http`, as secret-name/key."""
    approval: bool = Field(default=False)
    """Every call waits for a person."""

    @field_validator("secret")
    @classmethod
    def _sent_somewhere(cls, secret: str | None, info: ValidationInfo) -> str | None:
        mcp: McpCall | None = info.data.get("mcp")
        if secret and ((mcp and mcp.server) or info.data.get("function")):
            what = "a function" if info.data.get("function") else "a program"
            raise PydanticCustomError("unsent-secret", "{what} gets no secret", {"what": what})
        return secret

    @model_validator(mode="after")
    def _one_transport(self) -> "ToolSpec":
        given = [name for name in ("mcp", "http", "function") if getattr(self, name) is not None]
        if len(given) != 1:
            what = "none" if not given else " and ".join(given)
            message = "a tool has exactly one of mcp, http and function, this one has {what}"
            raise PydanticCustomError("one-transport", message, {"what": what})
        return self


@dataclass(frozen=True)
class Tool(Thing):
    """A tool, resolved."""

    document: ToolDocument
    secret: str | None
    approval: bool

    @property
    def url(self) -> str | None:
        """Address that a call goes to, where it leaves the process."""
        call = self.document.mcp or self.document.http
        return call.url if call else None


def resolve(spec: ToolSpec, context: Resolving) -> Tool:
    """Return the tool."""
    document = ToolDocument(
        name=context.base["source"].name,
        description=context.base["description"],
        effect=spec.effect,
        mcp=spec.mcp,
        command=_command(spec, context),
        http=spec.http,
        function=spec.function,
        input=schema_of(spec.input, context),
        output=schema_of(spec.output, context),
        idempotent=spec.idempotent,
        timeout=spec.timeout,
        secret_env=secret_env(spec.secret) if spec.secret else None,
    )
    return Tool(**context.base, document=document, secret=spec.secret, approval=spec.approval)


def _command(spec: ToolSpec, context: Resolving) -> tuple[str, ...]:
    if spec.mcp is None or spec.mcp.server is None:
        return ()
    server = context.find(Environment, context.environment).spec.mcp_servers[spec.mcp.server]
    return (server.executable, *server.args)


KIND = Kind("Tool", ToolSpec, Tool, resolve)
