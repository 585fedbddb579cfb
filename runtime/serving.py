"""`apm serve` and `python -m runtime serve`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from runtime import app, load, refusals
from runtime import settings as environment
from runtime.contract import WorkflowDocument
from runtime.settings import Role, Settings


def serve(
    source: load.Source | None = None,
    *,
    role: Role = "all",
    host: str | None = None,
    port: int | None = None,
    spec_dir: Path | None = None,
    state_dir: Path | None = None,
    provider: str | None = None,
    replies: Path | None = None,
    model_file: Path | None = None,
    echo: Callable[[str], object] = lambda _: None,
) -> None:
    """Serve until SIGTERM or Ctrl-C what `source` says, or else the documents of `spec_dir`, also when they change.

    Raises:
        Failure: the port is in use, the store cannot be used, a document or the file of replies is refused, or others
            could reach the API without a key.
    """
    settings = environment.read(
        host=host,
        port=port,
        spec_dir=spec_dir,
        state_dir=state_dir,
        provider=provider,
        replies=replies,
        model_file=model_file,
    )
    app.serve(settings, role, _allowed(source or load.folder(settings.spec_dir), settings), echo)


def _allowed(source: load.Source, settings: Settings) -> load.Source:
    def read() -> Mapping[str, WorkflowDocument]:
        documents = source.read()
        refusals.scripts(settings, documents)
        return documents

    return load.Source(read, source.stamp)
