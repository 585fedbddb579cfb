"""An HTTPS proxy on the loopback address behind which every address is one git repository.

Argo CD is told of it in the Secret of a repository (`proxy`, and `insecure`, as the certificate is our own), so that
Applications keep the `repoURL` that they have in production.

    with git_proxy(origin, folder) as url: ...
"""

import contextlib
import gzip
import http.server
import os
import ssl
import subprocess
import threading
from collections.abc import Generator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=git-proxy"
    " -keyout git-proxy.key -out git-proxy.crt"
)
SERVICES = ("/info/refs", "/git-upload-pack")  # reading, and nothing else


@contextlib.contextmanager
def git_proxy(origin: Path, folder: Path) -> Generator[str]:
    """The URL of a proxy that serves a bare repository; its certificate is written to `folder`."""
    subprocess.run(CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "git-proxy.crt", folder / "git-proxy.key")
    handler = type("Handler", (_Handler,), {"origin": origin, "tls": tls})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="git-proxy")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    origin: Path
    tls: ssl.SSLContext

    def do_CONNECT(self) -> None:
        """Be the server at the address that was asked for, whichever it is."""
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        with contextlib.suppress(OSError), self.tls.wrap_socket(self.connection, server_side=True) as connection:
            type(self)(connection, self.client_address, self.server)
        self.close_connection = True

    def do_GET(self) -> None:
        self._send(_ask_git(self.origin, self.command, self.path, dict(self.headers.items()), self._body()))

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _body(self) -> bytes:
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        body = self._chunks() if chunked else self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


def _ask_git(origin: Path, method: str, url: str, headers: dict[str, str], body: bytes) -> _Answer:
    """Let git's own CGI program answer, with the one repository in place of the path that was asked for."""
    path, _, query = url.partition("?")
    service = next((name for name in SERVICES if path.endswith(name)), None)
    if service is None:
        return _Answer(HTTPStatus.NOT_FOUND, {}, b"")
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    environment = trusted | {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(origin),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": service,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    found = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return _Answer(int(found.pop("Status", "200").split()[0]), found, content)
