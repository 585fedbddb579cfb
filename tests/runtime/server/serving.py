"""Serve the workflows of `workflows` in a process of its own, on a port."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.runtime.processes import role
from tests.runtime.server.workflows import documents


@contextmanager
def served(folder: Path, model: str, port: int = 0, more: Mapping[str, str] | None = None) -> Generator[str]:
    """Yield the address of a runtime that serves them until the body has ended; `model` is that of a model server."""
    specs = folder / "specs"
    specs.mkdir()
    for name, document in documents(model).items():
        (specs / f"{name}.yaml").write_text(document.model_dump_json(by_alias=True, exclude_unset=True))
    with role(folder, "all", more, port) as (_, address):
        yield address
