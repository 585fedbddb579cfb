"""The image, built once, and the reference system run from it as its staging environment says.

Asked for with APM_IMAGE_TEST=1 (`make e2e-image`), where whatever keeps it from being tested is a failure.
"""

import os
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from tests.image.system import System, running
from tests.rigs import docker as rig
from tests.rigs.docker import Docker, UnavailableError
from tests.rigs.image import Image, built, snapshot

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""The machine's own bundle: given to the build as a secret, as a company's would be."""


@pytest.fixture(scope="session")
def docker() -> Generator[Docker]:
    """A Docker daemon."""
    if os.environ.get("APM_IMAGE_TEST") != "1":
        pytest.skip(rig.obstacle() or "takes some minutes, so it has to be asked for: `make e2e-image`")
    try:
        with rig.docker() as found:
            yield found
    except UnavailableError as reason:
        pytest.fail(str(reason), pytrace=False)


@pytest.fixture(scope="session")
def mark() -> str:
    """What stands in each build secret and nowhere else."""
    return f"only-in-a-secret-{uuid4().hex}"


@pytest.fixture(scope="session")
def secrets(mark: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files for the build's secrets, with comments that can be looked for."""
    folder = tmp_path_factory.mktemp("secrets")
    texts = {"pip": f"# {mark}\n[global]\nretries = 3\n"}
    if CERTIFICATES.exists():
        texts["ca"] = f"# {mark}\n{CERTIFICATES.read_text()}"
    for name, text in texts.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in texts}


@pytest.fixture(scope="session")
def sources() -> Generator[Path]:
    """The checkout as it is when the tests start."""
    with TemporaryDirectory(prefix="apm-sources-") as folder:
        snapshot(Path(folder))
        yield Path(folder)


@pytest.fixture(scope="session")
def image(docker: Docker, sources: Path, secrets: dict[str, Path], notes: list[str]) -> Generator[Image]:
    """The image of this checkout."""
    found = built(docker, f"apm-runtime:test-{os.getpid()}", sources, secrets)
    own = found.bytes - found.base_bytes
    notes.append(
        f"{found.bytes / 1e6:.0f} MB, of which {own / 1e6:.0f} MB on {found.base}; built in {found.seconds:.0f} s"
    )
    try:
        yield found
    finally:
        docker("image", "rm", "--force", found.name)


@pytest.fixture(scope="session")
def system(docker: Docker, image: Image, notes: list[str]) -> Generator[System]:
    """Store, indexes, API, worker and scheduler."""
    with TemporaryDirectory(prefix="apm-system-") as folder, running(docker, image.name, Path(folder)) as found:
        notes += [
            f"{pod.role} answers {pod.seconds:.1f} s after its start, with {pod.cpu} CPU" for pod in found.pods.values()
        ]
        yield found
