"""Environment and arguments to one frozen value; the only reader of `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from runtime.contract import PORT, SPEC_DIR
from runtime.problems import Failure

Role = Literal["api", "worker", "scheduler", "all"]
ROLES: tuple[Role, ...] = ("api", "worker", "scheduler", "all")


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
    api_keys: frozenset[str] = frozenset()
    slots: int = 10
    """Runs that a worker executes at the same time."""
    lease: float = 15.0
    """Seconds that a worker may be silent before its runs go to others; it beats every third of that."""
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
        slots=_number(found, "APM_SLOTS", 10),
        lease=float(_number(found, "APM_LEASE_SECONDS", 15)),
        retention=float(_number(found, "APM_RETENTION_SECONDS", 30 * 86_400)),
        grace=float(_number(found, "APM_GRACE_SECONDS", 20)),
        provider=found.get("APM_PROVIDER", ""),
        replies=_path(found, "APM_REPLIES"),
        model_file=_path(found, "APM_MODEL_FILE"),
        secrets=dict(found),
        files=Path(found.get("APM_FILES", ".")),
    )
    return replace(settings, **{name: value for name, value in overrides.items() if value is not None})  # pyright: ignore[reportArgumentType]


def _number(found: Mapping[str, str], name: str, default: int) -> int:
    text = found.get(name, "")
    if text and not text.isdecimal():
        raise Failure(f"{name} is {text!r}", "it has to be a whole number")
    return int(text) if text else default


def _path(found: Mapping[str, str], name: str) -> Path | None:
    return Path(found[name]) if found.get(name) else None


def _keys(found: Mapping[str, str]) -> frozenset[str]:
    """Return API keys: separated by commas or lines in APM_API_KEYS, or in the file that APM_API_KEYS_FILE names."""
    text = found.get("APM_API_KEYS", "")
    if file := found.get("APM_API_KEYS_FILE"):
        try:
            text += "\n" + Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise Failure(f"The API keys in {file} cannot be read", error.strerror or "") from error
    return frozenset(key.strip() for key in text.replace(",", "\n").splitlines() if key.strip())
