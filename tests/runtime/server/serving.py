"""Serve the workflows of `workflows` in a process of its own, on a port."""

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.runtime.server.workflows import documents


@contextmanager
def served(folder: Path, model: str, port: int = 0, more: Mapping[str, str] | None = None) -> Generator[str]:
    """Yield the address of a runtime that serves them until the body has ended; `model` is that of a model server."""
    specs = folder / "specs"
    specs.mkdir()
    for name, document in documents(model).items():
        (specs / f"{name}.yaml").write_text(document.model_dump_json(by_alias=True, exclude_unset=True))
    own = {"APM_STATE_DIR": str(folder / "state"), "APM_SPEC_DIR": str(specs), "APM_FILES": str(folder)}
    command = [sys.executable, "-m", "runtime", "serve", "--port", str(port), "--role", "all"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **own, **(more or {})})
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert "http://" in line, "the runtime did not start"
        yield line.split()[-1]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
