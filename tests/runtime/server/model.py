"""A model server that streams, as OpenAI's does: `Hello, world!` word by word, and an essay that stops half-way."""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HALVES = ("Everything that flows began as a drop of rain. ", "And everything that rained will flow.")
PATIENCE = 60
"""Seconds after which an essay goes on although nobody has read its beginning: then the test fails."""


class ModelServer(ThreadingHTTPServer):
    """Answers at `/chat/completions`; an essay goes on when `read` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.read = threading.Event()
        self.waited_for_nothing = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert asked["stream"], "a model with `stream: true` asks for a stream"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if "essay" in json.dumps(asked["messages"]):
            self._write(HALVES[:1])
            self.server.waited_for_nothing = not self.server.read.wait(PATIENCE)
            self._write(HALVES[1:])
        else:
            self._write(["Hello", ", ", "world", "!"])
        self._send({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        self._send({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 4}})

    def _write(self, parts: Sequence[str]) -> None:
        for part in parts:
            self._send({"choices": [{"delta": {"content": part}, "finish_reason": None}]})

    def _send(self, event: Any) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def log_request(self, code: Any = None, size: Any = None) -> None:
        """Say nothing."""


@contextmanager
def model_server() -> Generator[ModelServer]:
    """Yield a server that answers until the body has ended."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.read.set()
        server.shutdown()
        server.server_close()
        thread.join()
