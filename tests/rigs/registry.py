"""A registry of container images on this machine; what is pushed stays in the cache for the next time."""

import contextlib
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.rigs import cache
from tests.rigs.debian import UnavailableError
from tests.rigs.node import unpacked
from tests.rigs.processes import free_ports

START_SECONDS = 30
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = """\
version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: {folder}}}, maintenance: {{readonly: {{enabled: {readonly}}}}}}}
http: {{addr: "{address}"}}
"""


@dataclass(frozen=True)
class Registry:
    """A registry that answers."""

    address: str
    """`host:port`, without a scheme: what comes before the name of an image."""

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def digest(self, name: str, tag: str) -> str | None:
        """Return the digest of an image, or none if it is not there."""
        answer = httpx.head(f"{self.url}/v2/{name}/manifests/{tag}", headers={"Accept": MANIFEST}, trust_env=False)
        return answer.headers["docker-content-digest"] if answer.status_code == 200 else None


@contextlib.contextmanager
def registry(host: str, folder: Path, *, readonly: bool = False) -> Generator[Registry]:
    """Yield a registry that listens on an address of this machine; its settings and its log are below `folder`."""
    [port] = free_ports(1)
    data = cache.programs().parent.parent / "image" / "registry"
    data.mkdir(parents=True, exist_ok=True)
    settings = folder / f"registry-{port}.yaml"
    settings.write_text(CONFIG.format(folder=data, address=f"{host}:{port}", readonly=str(readonly).lower()))
    with (folder / f"registry-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [unpacked() / "usr/bin/docker-registry", "serve", settings],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        found = Registry(f"{host}:{port}")
        _wait(found, process, folder / f"registry-{port}.log")
        yield found
    finally:
        process.terminate()
        process.wait(30)


def _wait(found: Registry, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{found.url}/v2/", trust_env=False).status_code == 200:
                return
        if process.poll() is not None or time.monotonic() > end:
            raise UnavailableError(f"no registry comes up here:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
