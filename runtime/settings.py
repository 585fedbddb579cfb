"""Environment and arguments to one frozen value; the only reader of `os.environ`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from runtime.contract import PORT, SPEC_DIR
from runtime.contract.bodies import ROLES as CALLERS
from runtime.contract.bodies import TENANT
from runtime.contract.bodies import Role as Caller
from runtime.problems import Failure

Role = Literal["api", "worker", "scheduler", "all"]
ROLES: tuple[Role, ...] = ("api", "worker", "scheduler", "all")
SHORTEST_SECRET = 32


@dataclass(frozen=True)
class Key:
    """A key of the API."""

    name: str
    roles: tuple[Caller, ...]
    secret: str
    tenant: str = TENANT
    teams: tuple[str, ...] = ()
    """Teams that its holder belongs to."""


@dataclass(frozen=True)
class Tokens:
    """How JSON Web Tokens are verified: with a shared secret, or with the keys of a JWKS."""

    jwks: str = ""
    """File or address of the keys."""
    secret: str = ""
    issuer: str = ""
    audience: str = ""
    leeway: int = 30
    """Seconds that clocks may differ."""
    roles_claim: str = "roles"
    tenant_claim: str = "tenant"


@dataclass(frozen=True)
class Logs:
    """How logs are written."""

    form: Literal["json", "text"]
    contents: bool = False
    """Whether they may hold what people, models and tools have said."""


@dataclass(frozen=True)
class Settings:
    """How this process runs."""

    store_uri: str = ""
    """MongoDB to use; empty for the embedded store."""
    database: str = "apm"
    store_patience: float = 5.0
    """Seconds until a store that does not answer counts as down."""
    store_pool: int = 20
    """Connections of this process to the store at most."""
    state_dir: Path = Path(".apm/state")
    """Where the embedded store keeps its files."""
    spec_dir: Path = Path(SPEC_DIR)
    host: str = "127.0.0.1"
    port: int = PORT
    api_keys: tuple[Key, ...] = ()
    tokens: Tokens | None = None
    """None where no tokens are taken."""
    slots: int = 10
    """Runs that a worker executes at the same time."""
    lease: float = 15.0
    """Seconds that a worker may be silent before its runs go to others; it beats every third of that."""
    losses: int = 5
    """Workers that may die over a run, one after the other without a step ended in between, until it is given up."""
    retention: float = 30 * 86_400.0
    """Seconds that ended runs, their events and checkpoints are kept."""
    grace: float = 20.0
    """Seconds that running work gets after SIGTERM before it is handed back."""
    provider: str = ""
    """Overrides the provider of every model: `scripted` or `local`."""
    replies: Path | None = None
    """Replies of the `scripted` provider."""
    model_file: Path | None = None
    """GGUF file of the `local` provider."""
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment variables, for models and tools whose documents name one."""
    traces: str = ""
    """Where spans are sent by OTLP/HTTP; empty where nothing is traced."""
    files: Path = Path()
    """Folder that `file-read` and `file-write` may touch."""


def read(environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Return settings from the environment; arguments that are not None win.

    Raises:
        Failure: a variable does not make sense.
    """
    found = os.environ if environment is None else environment
    settings = Settings(
        store_uri=found.get("MONGODB_URI", ""),
        database=found.get("APM_DATABASE", "apm"),
        store_pool=_number(found, "APM_STORE_POOL", 20),
        state_dir=Path(found.get("APM_STATE_DIR", ".apm/state")),
        spec_dir=Path(found.get("APM_SPEC_DIR", SPEC_DIR)),
        host=found.get("APM_HOST", "127.0.0.1"),
        port=_number(found, "APM_PORT", PORT),
        api_keys=_keys(found),
        tokens=_tokens(found),
        slots=_number(found, "APM_SLOTS", 10),
        lease=float(_number(found, "APM_LEASE_SECONDS", 15)),
        losses=_number(found, "APM_RUN_LOSSES", 5),
        retention=float(_number(found, "APM_RETENTION_SECONDS", 30 * 86_400)),
        grace=float(_number(found, "APM_GRACE_SECONDS", 20)),
        provider=found.get("APM_PROVIDER", ""),
        replies=_path(found, "APM_REPLIES"),
        model_file=_path(found, "APM_MODEL_FILE"),
        secrets=dict(found),
        traces=_traces(found),
        files=Path(found.get("APM_FILES", ".")),
    )
    return replace(settings, **{name: value for name, value in overrides.items() if value is not None})  # pyright: ignore[reportArgumentType]


def logs(environment: Mapping[str, str] | None = None, *, terminal: bool = False) -> Logs:
    """Return how logs are written: as JSON, but for a terminal.

    Raises:
        Failure: a variable does not make sense.
    """
    found = os.environ if environment is None else environment
    form = found.get("APM_LOG_FORMAT") or ("text" if terminal else "json")
    if form not in ("json", "text"):
        raise Failure(f"APM_LOG_FORMAT is {form!r}", "it has to be json or text")
    contents = found.get("APM_LOG_CONTENTS", "").lower()
    if contents not in ("", "true", "false"):
        raise Failure(f"APM_LOG_CONTENTS is {contents!r}", "it has to be true or false")
    return Logs(form, contents == "true")


def _number(found: Mapping[str, str], name: str, default: int) -> int:
    text = found.get(name, "")
    if text and not text.isdecimal():
        raise Failure(f"{name} is {text!r}", "it has to be a whole number")
    return int(text) if text else default


def _traces(found: Mapping[str, str]) -> str:
    """Return the address for spans, as https://opentelemetry.io/docs/specs/otel/protocol/exporter/ makes it."""
    name, base = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", found.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    address = found.get(name) or (f"{base.rstrip('/')}/v1/traces" if base else "")
    if not address or found.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    if not address.startswith(("http://", "https://")):
        raise Failure(
            f"{name if found.get(name) else 'OTEL_EXPORTER_OTLP_ENDPOINT'} is no http:// or https:// address",
            "name the OTLP/HTTP port of the collector, usually http://HOST:4318",
        )
    protocol = found.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or found.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in (None, "", "http/protobuf"):
        raise Failure(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}", "spans are sent as http/protobuf only")
    return address


def _path(found: Mapping[str, str], name: str) -> Path | None:
    return Path(found[name]) if found.get(name) else None


def _text(found: Mapping[str, str], name: str) -> str:
    """Return the text of a variable and of the file that NAME_FILE names."""
    text = found.get(name, "")
    if file := found.get(f"{name}_FILE"):
        try:
            text += "\n" + Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(
                f"{file}, which {name}_FILE names, cannot be read", getattr(error, "strerror", "") or ""
            ) from error
    return text


def _keys(found: Mapping[str, str]) -> tuple[Key, ...]:
    """Return API keys: separated by commas or lines in APM_API_KEYS, or in the file that APM_API_KEYS_FILE names."""
    lines = [line.strip() for line in _text(found, "APM_API_KEYS").replace(",", "\n").splitlines()]
    return tuple(_key(line.split(), number) for number, line in enumerate(lines, 1) if line and line[0] != "#")


def _key(words: Sequence[str], number: int) -> Key:
    """Return the key of `KEY`, `NAME ROLE KEY` or `NAME ROLE KEY TENANT`; roles and `@team`s are joined by `+`."""
    if len(words) == 1:
        return Key(f"key-{number}", ("admin",), words[0])
    if len(words) not in (3, 4):
        raise Failure(
            f"API key number {number} has {len(words)} words", "write `name role key`, and a tenant behind it"
        )
    given = words[1].split("+")
    roles, teams = (tuple(one for one in given if one.startswith("@") == of_team) for of_team in (False, True))
    for role in roles:
        if role not in CALLERS:
            raise Failure(f"API key number {number} has an unknown role", f"known: {', '.join(CALLERS)}")
    tenant = words[3] if len(words) == 4 else TENANT
    return Key(words[0], cast("tuple[Caller, ...]", roles), words[2], tenant, tuple(team[1:] for team in teams))


def _tokens(found: Mapping[str, str]) -> Tokens | None:
    jwks, secret = found.get("APM_JWT_JWKS", ""), _text(found, "APM_JWT_SECRET").strip()
    if not jwks and not secret:
        return None
    if jwks and secret:
        raise Failure(
            "Both APM_JWT_JWKS and APM_JWT_SECRET are set", "tokens are verified in one way; unset one of them"
        )
    if secret and len(secret) < SHORTEST_SECRET:
        raise Failure("APM_JWT_SECRET is too short", f"it needs {SHORTEST_SECRET} characters at least")
    return Tokens(
        jwks=jwks,
        secret=secret,
        issuer=found.get("APM_JWT_ISSUER", ""),
        audience=found.get("APM_JWT_AUDIENCE", ""),
        leeway=_number(found, "APM_JWT_LEEWAY_SECONDS", 30),
        roles_claim=found.get("APM_JWT_ROLES_CLAIM", "roles"),
        tenant_claim=found.get("APM_JWT_TENANT_CLAIM", "tenant"),
    )
